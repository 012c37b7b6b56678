{ pkgs, ... }:

{
  services.elasticsearch.enable = true;
  services.rabbitmq = {
    enable = true;
    port = 5673;
    managementPlugin.enable = true;
  };
  services.nginx.enable = true;
  services.nginx.httpConfig = ''
    server {
      listen 8081;
    }
  '';
  services.memcached = {
    enable = true;
    startArgs = [ "-m" "64" ];
  };
}
