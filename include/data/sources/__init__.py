"""Where rows come from: files, folders, object storage, SQL; read a batch at a time."""
