"""Guests: people who come without an account, by a share link or in a page of another site."""
