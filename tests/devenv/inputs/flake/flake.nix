# Stands for an input that is only asked whether it is there.
{
  outputs = _: { overlays = { }; packages = { }; };
}
