/** nginx in the foreground with one worker, no access log, and everything that it writes inside `folder`. `http`: what goes into the http block; `top`: before everything. */
export function nginxMain(folder: string, http: string, top = ''): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `${nginxProcess(folder, top)}
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

/** The same for connections that are not of HTTP. `stream`: what goes into the stream block. */
export function nginxStreamMain(folder: string, stream: string, top: string): string {
  return `${nginxProcess(folder, top)}
stream {
  tcp_nodelay on;
  ${stream}
}
`;
}

function nginxProcess(folder: string, top: string): string {
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `${top}
${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 16384; }`;
}
