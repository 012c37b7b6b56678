{ pkgs, ... }:

{
  # The C library that numpy's wheels link against.
  packages = [
    pkgs.zlib
    pkgs.graphviz
  ];

  languages.python = {
    enable = true;
    package = pkgs.python312;
    uv.enable = true;
    uv.sync.enable = true;
    uv.sync.allExtras = true;
  };

  env.MPLBACKEND = "Agg";

  services.minio = {
    enable = true;
    buckets = [ "datasets" "models" ];
    accessKey = "minioadmin";
  };

  scripts.notebook.exec = "jupyter lab --no-browser";

  profiles.gpu.module = {
    env.CUDA_VISIBLE_DEVICES = "0";
    languages.python.libraries = [ pkgs.zlib ];
  };

  unsetEnvVars = [ "PYTHONPATH" ];
}
