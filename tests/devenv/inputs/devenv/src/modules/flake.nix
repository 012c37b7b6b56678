{
  outputs = _: { modules = ./.; };
}
