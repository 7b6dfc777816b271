"""Prints the sign for a door."""

from roomsign import sign

print(sign("Room 12", "Library, quiet please"))
