"""For tests of what is built with Eddyline: real servers, started on the spot."""
