"""The tests of panels."""
