"""The administration: pages on which people, roles and apps are looked after."""
