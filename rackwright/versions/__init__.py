"""Which version of each package a host gets, out of what its repository offers."""
