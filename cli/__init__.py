"""What people type: the `bursar` command line and the local stack behind `bursar up`."""
