//! Secrets: never in `config.toml` itself, only in a file or an environment variable that it names.

use std::path::Path;

use secrecy::SecretString;

/// The longest secret that is read from a file, in bytes.
const LONGEST: usize = 4096;
/// The largest key file, in bytes.
const LARGEST: u64 = 64 * 1024;

/// The secret in `file` (taken from `base`) or in the environment variable `variable`; `None` where neither is named.
///
/// # Errors
/// Why it cannot be read, naming file or variable and never its content.
pub(super) fn read(base: &Path, file: Option<&Path>, variable: Option<&str>) -> Result<Option<SecretString>, String> {
    let (text, name) = if let Some(file) = file {
        let path = base.join(file);
        let name = format!("password_file {}", path.display());
        (std::fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?, name)
    } else if let Some(variable) = variable {
        let name = format!("password_env {variable}");
        (std::env::var(variable).map_err(|_| format!("{name}: this variable is not set"))?, name)
    } else {
        return Ok(None);
    };
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(format!("{name}: it is empty"));
    }
    if secret.len() > LONGEST || secret.contains(['\r', '\n', '\0']) {
        return Err(format!("{name}: it holds more than one line; only the password may be in it"));
    }
    Ok(Some(SecretString::from(secret)))
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
    use secrecy::ExposeSecret;

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
