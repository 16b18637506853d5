//! Reports in files: one message, an mbox (RFC 4155), a Maildir, a folder of any of these, or a stream such as a pipe.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::mail::report::LARGEST;

/// A piece of a line that is read at once: a line may have no end.
const PIECE: u64 = 64 * 1024;

/// One message, from somewhere.
#[derive(Debug)]
pub struct Letter {
    /// Where it stands: a file's name, in an mbox with its number.
    pub name: String,
    /// Its bytes, at most [`LARGEST`]; or why it could not be read.
    pub bytes: io::Result<Vec<u8>>,
}

/// The messages of files and folders, one after another; never more than one in memory.
pub struct Letters {
    paths: VecDeque<PathBuf>,
    open: Option<Inbox>,
}

impl Letters {
    /// Those of files, folders and Maildirs. In a folder, files whose names begin with a dot are passed over, and
    /// what a Maildir has not finished receiving.
    pub fn of(paths: impl IntoIterator<Item = PathBuf>) -> Letters {
        let mut all = VecDeque::new();
        for path in paths {
            if path.is_dir() { all.extend(within(&path)) } else { all.push_back(path) }
        }
        Letters { paths: all, open: None }
    }

    /// Those of a stream.
    pub fn of_stream(name: &str, stream: impl Read + Send + 'static) -> Letters {
        Letters { paths: VecDeque::new(), open: Some(Inbox::new(name.to_owned(), stream)) }
    }
}

fn within(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let walk = walkdir::WalkDir::new(folder).follow_links(false).sort_by_file_name().max_depth(8);
    let wanted = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        let unfinished = name == "tmp" && entry.path().with_file_name("cur").is_dir();
        entry.depth() == 0 || !(unfinished || (name.starts_with('.') && entry.file_type().is_file()))
    };
    walk.into_iter()
        .filter_entry(wanted)
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
}

impl Iterator for Letters {
    type Item = Letter;

    fn next(&mut self) -> Option<Letter> {
        loop {
            if let Some(open) = &mut self.open {
                match open.next() {
                    Some(letter) => return Some(letter),
                    None => self.open = None,
                }
            }
            let path = self.paths.pop_front()?;
            let name = path.display().to_string();
            match File::open(&path) {
                Ok(file) => self.open = Some(Inbox::new(name, file)),
                Err(error) => return Some(Letter { name, bytes: Err(error) }),
            }
        }
    }
}

/// A file or a stream that is being read: one message, or an mbox where it begins like one.
struct Inbox {
    name: String,
    reader: BufReader<Box<dyn Read + Send>>,
    /// How many messages came of it.
    count: usize,
    /// Whether its first line was an mbox's.
    many: bool,
    over: bool,
}

impl Inbox {
    fn new(name: String, stream: impl Read + Send + 'static) -> Inbox {
        Inbox { name, reader: BufReader::new(Box::new(stream)), count: 0, many: false, over: false }
    }

    fn next(&mut self) -> Option<Letter> {
        if self.over {
            return None;
        }
        let message = self.message();
        self.over |= message.is_err();
        let first = self.count == 0;
        self.count += 1;
        let bytes = match message {
            // An mbox may end with nothing; a file or a pipe with nothing in it is worth a word.
            Ok(bytes) if bytes.is_empty() && !first => return None,
            Ok(bytes) if bytes.is_empty() => Err(io::Error::new(io::ErrorKind::InvalidData, "it is empty")),
            other => other,
        };
        let name = if self.many && !(first && self.over) {
            format!("{}#{}", self.name, self.count)
        } else {
            self.name.clone()
        };
        Some(Letter { name, bytes })
    }

    /// The next message; whatever of it is over the limit is read and left.
    fn message(&mut self) -> io::Result<Vec<u8>> {
        let (mut message, mut line) = (Vec::new(), Vec::new());
        let (mut blank, mut whole, mut start) = (true, true, self.count == 0);
        loop {
            line.clear();
            if (&mut self.reader).take(PIECE).read_until(b'\n', &mut line)? == 0 {
                self.over = true;
                return Ok(message);
            }
            // A piece of a long line begins no message.
            let begins = whole && is_postmark(&line);
            whole = line.ends_with(b"\n");
            if start && begins {
                (self.many, start) = (true, false);
                continue;
            }
            if self.many && blank && begins {
                return Ok(message);
            }
            start = false;
            blank = matches!(line.as_slice(), b"\n" | b"\r\n");
            let quoted = self.many && line.starts_with(b">") && line[1..].trim_ascii_start().starts_with(b"From ");
            let text = if quoted { &line[1..] } else { &line[..] };
            let room = LARGEST.saturating_sub(message.len());
            message.extend_from_slice(&text[..text.len().min(room)]);
        }
    }
}

/// `From sender Thu Apr 29 23:34:45 2010`: an mbox's line between messages (RFC 4155 §A), not a sentence that begins so.
fn is_postmark(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    let text = String::from_utf8_lossy(&rest[..rest.len().min(300)]);
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let words: Vec<&str> = text.split_whitespace().collect();
    words.iter().skip(1).take(2).any(|word| days.contains(word)) && words.iter().any(|word| word.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<(String, String)> {
        let letters = Letters::of_stream("-", io::Cursor::new(bytes.to_vec()));
        letters.map(|one| (one.name, String::from_utf8(one.bytes.expect("bytes")).expect("text"))).collect()
    }

    #[test]
    fn one_message_is_one_and_an_mbox_is_many() {
        let one = "Subject: x\n\nFrom here on\n\nFrom Thu to Fri we are closed.\n";
        assert_eq!(read(one.as_bytes()), [("-".to_owned(), one.to_owned())]);
        let mark = "From MAILER-DAEMON  Thu Apr 29 23:34:45 2010\n";
        let many = format!("{mark}A: 1\n\n>From me\n\n{mark}B: 2\n\nFrom here on\n");
        let read_back = read(many.as_bytes());
        assert_eq!(read_back[0], ("-#1".to_owned(), "A: 1\n\nFrom me\n\n".to_owned()));
        assert_eq!(read_back[1], ("-#2".to_owned(), "B: 2\n\nFrom here on\n".to_owned()));
        assert_eq!(
            read(format!("{mark}A: 1\n\ntext\n").as_bytes())[0].0,
            "-",
            "one in an mbox has the name of its file"
        );
    }

    #[test]
    fn what_has_no_end_is_cut_and_what_is_empty_is_said() {
        let letters = Letters::of_stream("-", io::repeat(b'x').take(3 * LARGEST as u64));
        let all: Vec<usize> = letters.map(|one| one.bytes.expect("bytes").len()).collect();
        assert_eq!(all, [LARGEST]);
        let mut none = Letters::of_stream("-", io::empty());
        assert!(none.next().is_some_and(|one| one.bytes.is_err()) && none.next().is_none());
    }

    #[test]
    fn a_maildir_gives_what_has_arrived() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [("cur/1:2,S", "a"), ("new/2", "b"), ("tmp/3", "c"), (".hidden", "d")] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let found = Letters::of([folder.path().to_owned(), folder.path().join("gone")]);
        let texts: Vec<Option<Vec<u8>>> = found.map(|one| one.bytes.ok()).collect();
        assert_eq!(texts, [Some(b"a".to_vec()), Some(b"b".to_vec()), None]);
    }
}
