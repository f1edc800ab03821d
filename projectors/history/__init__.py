"""History, folded window by window in processes of its own, so that a version is built as fast as all cores can."""
