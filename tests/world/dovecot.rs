//! A real IMAP server, Dovecot, on ports of its own, with one mailbox.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::Authority;

/// Whom the mailbox belongs to where the tests are run by root, whom Dovecot lets have none: `nobody`.
const NOBODY: u32 = 65534;

/// Dovecot, until the test is over. Its user is `desk@office.test`, the password `s3cret word`.
pub struct Dovecot {
    folder: tempfile::TempDir,
    child: Child,
    owner: Option<u32>,
    /// Where it listens without TLS.
    pub port: u16,
    /// Where it listens with TLS, for `localhost`.
    pub tls: u16,
}

impl Dovecot {
    /// Starts it; `None`, with a word, where there is none.
    pub fn start(authority: &Authority) -> Option<Dovecot> {
        Dovecot::with(authority, "")
    }

    /// The same with more lines of its configuration.
    #[allow(clippy::print_stderr)]
    pub fn with(authority: &Authority, more: &str) -> Option<Dovecot> {
        let program =
            ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot"].into_iter().find(|path| Path::new(path).exists());
        let Some(program) = program else {
            eprintln!("passed over: Dovecot (install dovecot-imapd)");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let user = String::from_utf8(Command::new("id").arg("-un").output().expect("id").stdout).expect("a name");
        let user = user.trim();
        let owner = (user == "root").then_some(NOBODY);
        let at = folder.path();
        let (port, tls) = (free_port(), free_port());
        let (certificate, key) = authority.pem("localhost");
        std::fs::write(at.join("cert.pem"), certificate).expect("a certificate");
        std::fs::write(at.join("key.pem"), key).expect("a key");
        let internal = match owner {
            Some(_) => String::new(),
            None => format!("default_internal_user = {user}\ndefault_login_user = {user}\n"),
        };
        let uid = match owner {
            Some(uid) => format!("uid={uid} gid={uid}"),
            None => format!("uid={user} gid={}", group()),
        };
        let at = at.display();
        let config = format!(
            "base_dir = {at}/run\nstate_dir = {at}/state\nlog_path = {at}/log\nprotocols = imap\nlisten = 127.0.0.1\n{internal}\
             ssl = yes\nssl_cert = <{at}/cert.pem\nssl_key = <{at}/key.pem\ndisable_plaintext_auth = no\n\
             mail_location = maildir:{at}/mail\nfirst_valid_uid = 1\nmail_fsync = never\nauth_mechanisms = plain\n\
             service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = {port}\n  }}\n  inet_listener imaps {{\n    port = {tls}\n    ssl = yes\n  }}\n}}\n\
             service anvil {{\n  chroot =\n}}\nservice stats {{\n  chroot =\n}}\n\
             passdb {{\n  driver = passwd-file\n  args = scheme=PLAIN {at}/users\n}}\n\
             userdb {{\n  driver = static\n  args = {uid} home={at}/home\n}}\n{more}\n"
        );
        std::fs::write(folder.path().join("dovecot.conf"), config).expect("a configuration");
        std::fs::write(folder.path().join("users"), "desk@office.test:{PLAIN}s3cret word\n").expect("users");
        for name in ["mail", "mail/new", "mail/cur", "mail/tmp", "home"] {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).expect("a folder");
            chown(&path, owner, owner).expect("its owner");
        }
        // Its own processes have to get through.
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("rights");
        let mut command = Command::new(program);
        command.arg("-F").arg("-c").arg(folder.path().join("dovecot.conf"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("Dovecot");
        let dovecot = Dovecot { folder, child, owner, port, tls };
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(dovecot);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!(
            "Dovecot does not listen: {}",
            std::fs::read_to_string(dovecot.folder.path().join("log")).unwrap_or_default()
        );
    }

    /// Puts a message into the mailbox, as a mail server does; or, under a name like `cur/1:2,T`, as a mail program leaves it.
    pub fn put(&self, name: &str, text: &str) {
        let part = if name.starts_with("cur/") { "mail" } else { "mail/new" };
        let path = self.folder.path().join(part).join(name);
        std::fs::write(&path, text).expect("a message");
        chown(&path, self.owner, self.owner).expect("its owner");
    }

    /// Numbers all messages anew, as a server does that was set up again.
    pub fn number_anew(&self) {
        for name in
            ["dovecot-uidlist", "dovecot.index.log", "dovecot.index", "dovecot.index.cache", "dovecot-uidvalidity"]
        {
            let _ = std::fs::remove_file(self.folder.path().join("mail").join(name));
        }
    }

    /// Names of messages in a folder of the mailbox (`""` for INBOX, `.Herald.read`), each with a trailing `!` where it is not seen.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let mut names = Vec::new();
        for part in ["new", "cur"] {
            let path: PathBuf = self.folder.path().join("mail").join(folder).join(part);
            for entry in std::fs::read_dir(path).into_iter().flatten() {
                let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
                let (base, flags) = name.split_once(":2,").unwrap_or((&name, ""));
                let base = base.split(',').next().unwrap_or_default();
                names.push(format!("{base}{}", if flags.contains('S') { "" } else { "!" }));
            }
        }
        names.sort();
        names
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Its master ends its children when it is asked to stop, not when it is killed.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its number").port()
}

fn group() -> String {
    let said = Command::new("id").arg("-gn").output().expect("id").stdout;
    String::from_utf8(said).expect("a name").trim().to_owned()
}
