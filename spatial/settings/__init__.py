"""The settings that ship and those of users, checked."""
