"""The portal: the apps that a person may open."""
