"""How the apps are used, by app and day: counted from what the front notes, without noting who did what."""
