//! Secrets: never in `config.toml` itself, only in a file or an environment variable that it names.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

/// The longest secret that is read from a file, in bytes.
const LONGEST: usize = 4096;
/// The longest access token; those of some providers hold a page of claims.
const LONGEST_TOKEN: usize = 8192;
/// The largest key file, in bytes.
const LARGEST: u64 = 64 * 1024;

/// How somebody proves to a server who they are.
#[derive(Clone, Debug)]
pub enum Proof {
    /// By a password.
    Password(SecretString),
    /// By an OAuth 2 access token, which is good for an hour or so: it is read anew each time.
    Token(Token),
}

impl Proof {
    /// What the four keys say, files taken from `base`; `None` where none of them is there.
    ///
    /// # Errors
    /// Why it cannot be read, naming file or variable and never its content.
    pub(super) fn of(
        base: &Path,
        password: (Option<&Path>, Option<&str>),
        token: Token,
    ) -> Result<Option<Proof>, String> {
        if token.file.is_some() || token.variable.is_some() {
            let token = Token { file: token.file.map(|file| base.join(file)), ..token };
            token.read()?;
            return Ok(Some(Proof::Token(token)));
        }
        Ok(read(base, password.0, password.1)?.map(Proof::Password))
    }
}

/// Where an access token is found: whoever renews it writes it there.
#[derive(Clone, Debug)]
pub struct Token {
    pub(super) file: Option<PathBuf>,
    pub(super) variable: Option<String>,
}

impl Token {
    /// The token as it is now.
    ///
    /// # Errors
    /// Why it cannot be read, naming file or variable and never its content.
    pub fn read(&self) -> Result<SecretString, String> {
        let name = if self.file.is_some() { "token_file" } else { "token_env" };
        let (file, variable) = (self.file.as_deref(), self.variable.as_deref());
        let text = text_of(file, variable, ("token_file", "token_env"), LONGEST_TOKEN)?;
        let (text, name) = text.ok_or_else(|| format!("{name}: there is none"))?;
        // RFC 6750 §2.1; one with other letters would end the line in which it is told.
        match text.expose_secret().bytes().all(|b| b.is_ascii_graphic()) {
            true => Ok(text),
            false => Err(format!("{name}: it holds more than one word; only the token may be in it")),
        }
    }
}

/// The password in `file` (taken from `base`) or in the environment variable `variable`; `None` where neither is named.
///
/// # Errors
/// Why it cannot be read, naming file or variable and never its content.
pub(super) fn read(base: &Path, file: Option<&Path>, variable: Option<&str>) -> Result<Option<SecretString>, String> {
    let file = file.map(|file| base.join(file));
    Ok(text_of(file.as_deref(), variable, ("password_file", "password_env"), LONGEST)?.map(|(text, _)| text))
}

/// The one line of a file or variable, and how it is called.
fn text_of(
    file: Option<&Path>,
    variable: Option<&str>,
    keys: (&str, &str),
    longest: usize,
) -> Result<Option<(SecretString, String)>, String> {
    let (text, name) = if let Some(path) = file {
        let name = format!("{} {}", keys.0, path.display());
        (std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?, name)
    } else if let Some(variable) = variable {
        let name = format!("{} {variable}", keys.1);
        (std::env::var(variable).map_err(|_| format!("{name}: this variable is not set"))?, name)
    } else {
        return Ok(None);
    };
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(format!("{name}: it is empty"));
    }
    if secret.len() > longest || secret.contains(['\r', '\n', '\0']) {
        let what = if keys.0 == "token_file" { "token" } else { "password" };
        return Err(format!("{name}: it holds more than one line; only the {what} may be in it"));
    }
    Ok(Some((SecretString::from(secret), name)))
}

/// The whole text of a file with a secret, such as a key.
///
/// # Errors
/// Why it cannot be read, naming the file and never its content.
pub(super) fn whole(path: &Path) -> Result<SecretString, String> {
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    if std::fs::metadata(path).map_err(said)?.len() > LARGEST {
        return Err(format!("{}: it is over {LARGEST} bytes, which no key is", path.display()));
    }
    std::fs::read_to_string(path).map(SecretString::from).map_err(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_line_and_never_printed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("good"), "hunter2\r\n").unwrap();
        std::fs::write(folder.path().join("bad"), "hunter2\nhunter3\n").unwrap();
        let read = |name: &str| read(folder.path(), Some(Path::new(name)), None);
        let secret = read("good").unwrap().unwrap();
        assert_eq!(secret.expose_secret(), "hunter2");
        assert!(!format!("{secret:?}").contains("hunter"));
        assert!(read("bad").unwrap_err().contains("more than one line"));
        assert!(!read("bad").unwrap_err().contains("hunter"));
        assert!(read("none").unwrap_err().contains("password_file"));
        assert!(super::read(folder.path(), None, Some("HERALD_NOT_SET")).unwrap_err().contains("not set"));
    }
}
