/** nginx in the foreground with one worker, no access log, and everything that it writes inside `folder`. `http`: what goes into the http block; `top`: before everything. */
export function nginxMain(folder: string, http: string, top = ''): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `${top}
${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 16384; }
http {
  access_log off;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  tcp_nodelay on;
${temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
  ${http}
}
`;
}
