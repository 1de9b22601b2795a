//! The real servers, each for one test: on a free port, with a folder of its own, ended when the
//! test lets go of it.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use wirescript::Endpoint;

/// How often a server is asked whether it is up. There is no event to wait for.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);
/// Somebody may take a port between its choice and its use: so many ports are tried.
const PORTS: u32 = 5;
/// What a Unix domain socket is called, in the folder of its server.
const SOCKET: &str = "socket";

/// A server that is up.
#[derive(Debug)]
pub(crate) struct Server {
    _process: Process,
    endpoint: Endpoint,
    folder: Folder,
}

impl Server {
    /// Where it listens.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Everywhere a Redis listens: in the file system as well, where that can be.
    pub(crate) fn places_of_redis(&self) -> Vec<Endpoint> {
        let path = cfg!(unix).then(|| Endpoint::unix(self.folder.path().join(SOCKET)));
        [self.endpoint.clone()].into_iter().chain(path).collect()
    }

    /// A Redis without anything in it, if it is installed.
    pub(crate) fn redis() -> Option<Self> {
        let program = installed("redis-server")?;
        Some(Self::start("redis", (b"PING\r\n", b'+'), |folder, port| {
            let mut command = Command::new(&program);
            command.args(["--bind", "127.0.0.1", "--port"]).arg(port.to_string());
            command.args(["--save", "", "--appendonly", "no", "--dir"]).arg(folder);
            if cfg!(unix) {
                command.arg("--unixsocket").arg(folder.join(SOCKET));
            }
            command
        }))
    }

    /// An nginx with one `server` block, which gets `locations`, if it is installed.
    pub(crate) fn nginx(locations: &str) -> Option<Self> {
        let program = installed("nginx")?;
        Some(Self::start("nginx", (b"GET / HTTP/1.0\r\n\r\n", b'H'), |folder, port| {
            let at = folder.display();
            let configuration = format!(
                "daemon off; master_process off; pid {at}/pid; error_log stderr;
                 events {{}}
                 http {{
                     access_log off; server_tokens off; default_type text/plain;
                     client_body_temp_path {at}/body; proxy_temp_path {at}/proxy;
                     fastcgi_temp_path {at}/fastcgi; uwsgi_temp_path {at}/uwsgi;
                     scgi_temp_path {at}/scgi;
                     server {{ listen 127.0.0.1:{port}; {locations} }}
                 }}"
            );
            let file = folder.join("nginx.conf");
            fs::write(&file, configuration).expect("the folder is ours");
            let mut command = Command::new(&program);
            command.arg("-p").arg(folder).args(["-e", "stderr", "-c"]).arg(file);
            command
        }))
    }

    /// A PostgreSQL with an empty cluster that trusts everybody, if it is installed. Its superuser
    /// is `postgres`.
    pub(crate) fn postgres() -> Option<Self> {
        let postgres = installed("postgres")?;
        // Beside the program, not beside a link to it.
        let postgres = postgres.canonicalize().expect("it was there just now");
        let initdb = postgres.with_file_name("initdb");
        let hello = b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0";
        Some(Self::start("postgres", (hello, b'R'), |folder, port| {
            let data = folder.join("data");
            let account = give_to_an_account_without_privileges(folder);
            let in_the_folder = |program: &Path| {
                let mut command = Command::new(program);
                command.current_dir(folder);
                #[cfg(unix)]
                if let Some((user, group)) = account {
                    std::os::unix::process::CommandExt::uid(&mut command, user);
                    std::os::unix::process::CommandExt::gid(&mut command, group);
                }
                command
            };

            let mut prepare = in_the_folder(&initdb);
            prepare.args(["--auth=trust", "--username=postgres", "--encoding=UTF8"]);
            prepare.args(["--locale=C", "--no-sync", "--no-instructions", "-D"]).arg(&data);
            let prepared = prepare.output().expect("`initdb` can be run");
            assert!(prepared.status.success(), "{}", String::from_utf8_lossy(&prepared.stderr));

            let mut command = in_the_folder(&postgres);
            command.args(["-h", "127.0.0.1", "-k", "", "-F", "-p"]).arg(port.to_string());
            command.arg("-D").arg(data);
            command
        }))
    }

    /// Starts what `command` makes of a folder and a port, and waits until it is at work: until
    /// what it answers to a greeting begins as it then does.
    fn start(
        name: &str,
        (greeting, answer): (&[u8], u8),
        command: impl Fn(&Path, u16) -> Command,
    ) -> Self {
        for _ in 0..PORTS {
            let folder = Folder::new(name);
            let port = free_port().expect("there is a free port");
            let log = fs::File::create(folder.path().join("log")).expect("the folder is ours");
            let mut command = command(folder.path(), port);
            let errors = log.try_clone().expect("a file can be shared");
            command.stdin(Stdio::null()).stdout(log).stderr(errors);
            let mut process = Process(command.spawn().expect("an installed server can be run"));
            if process.is_up(|| greet(port, greeting).is_ok_and(|first| first == answer)) {
                let endpoint = Endpoint::new("127.0.0.1", port);
                return Self { _process: process, endpoint, folder };
            }
            let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            eprintln!("{name} did not come up on port {port}:\n{log}");
        }
        panic!("{name} did not come up on any of {PORTS} ports");
    }
}

/// The program of this name, or `None` where a test may do without it.
///
/// # Panics
///
/// If it is not installed and `CI` is set, where nothing may be skipped.
fn installed(name: &str) -> Option<PathBuf> {
    let on_the_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&on_the_path).collect();
    // Where Debian keeps them, and an account without privileges does not look.
    folders.push("/usr/sbin".into());
    folders.extend(folders_of_postgres());
    // The newest PostgreSQL is the last one.
    let found = folders.iter().rev().map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "`{name}` is not installed");
        eprintln!("skipped: `{name}` is not installed");
    }
    found
}

/// Where Debian keeps the programs of each version, oldest first.
fn folders_of_postgres() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    versions.into_iter().map(|(_, folder)| folder).collect()
}

/// The numbers of the account `postgres` and its group, to whom `folder` then belongs, if this is
/// the superuser, as whom PostgreSQL refuses to run.
#[cfg(unix)]
fn give_to_an_account_without_privileges(folder: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::{MetadataExt, chown};

    const SUPERUSER: u32 = 0;
    if fs::metadata(folder).is_ok_and(|made| made.uid() != SUPERUSER) {
        return None;
    }
    let (user, group) = account("postgres").expect("its package makes the account");
    chown(folder, Some(user), Some(group)).expect("the superuser may give away");
    Some((user, group))
}

#[cfg(not(unix))]
fn give_to_an_account_without_privileges(_: &Path) -> Option<(u32, u32)> {
    None
}

/// The numbers of an account and its group.
#[cfg(unix)]
fn account(name: &str) -> Option<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// A port on which nobody listens, and which no other test was given.
fn free_port() -> io::Result<u16> {
    static GIVEN: Mutex<Vec<u16>> = Mutex::new(Vec::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        if !given.contains(&port) {
            given.push(port);
            return Ok(port);
        }
    }
}

/// The first byte of what whoever listens on `port` answers to `greeting`.
fn greet(port: u16, greeting: &[u8]) -> io::Result<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PAUSE * TRIES))?;
    stream.write_all(greeting)?;
    let mut first = [0];
    stream.read_exact(&mut first)?;
    Ok(first[0])
}

/// A process that ends when it is dropped.
#[derive(Debug)]
struct Process(Child);

impl Process {
    /// Waits until it is at work, as `asked` says; `false` if the process ended instead.
    fn is_up(&mut self, asked: impl Fn() -> bool) -> bool {
        for _ in 0..TRIES {
            if self.has_ended() {
                return false;
            }
            if asked() {
                // Unless it was somebody else, whose port is why the process ended.
                return !self.has_ended();
            }
            thread::sleep(PAUSE);
        }
        false
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A server with processes of its own ends them if it is asked to, not if it is killed.
        // `SIGINT` is what all of these take for an end that waits for no client.
        // Every shell has a `kill` of its own; a program of that name not every system has.
        let id = self.0.id().to_string();
        let _ = Command::new("/bin/sh").args(["-c", "kill -INT \"$0\"", &id]).status();
        for _ in 0..TRIES {
            if self.has_ended() {
                return;
            }
            thread::sleep(PAUSE);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder that goes when it is dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("wirescript-{name}-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("there is room for temporary files");
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
