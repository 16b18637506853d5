//! What a server offers in its answer to EHLO (RFC 5321 §4.1.1.1). Keywords in any case. No I/O.

use super::Reply;

/// What a server offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// PIPELINING (RFC 2920).
    pub pipelining: bool,
    /// 8BITMIME (RFC 6152).
    pub eight_bit: bool,
    /// SMTPUTF8 (RFC 6531).
    pub utf8: bool,
    /// STARTTLS (RFC 3207).
    pub starttls: bool,
    /// SIZE (RFC 1870): it is offered, with the largest message in bytes where one is named.
    pub size: Option<Option<usize>>,
    /// AUTH (RFC 4954): the mechanisms, in capitals.
    pub auth: Vec<String>,
}

impl Offers {
    /// Reads the answer to EHLO; its first line is the server's name.
    pub fn parse(reply: &Reply) -> Offers {
        let mut offers = Offers::default();
        for line in reply.lines.iter().skip(1) {
            // Old servers write `AUTH=PLAIN`.
            let upper = line.to_ascii_uppercase().replacen("AUTH=", "AUTH ", 1);
            let mut words = upper.split_whitespace();
            match words.next() {
                Some("PIPELINING") => offers.pipelining = true,
                Some("8BITMIME") => offers.eight_bit = true,
                Some("SMTPUTF8") => offers.utf8 = true,
                Some("STARTTLS") => offers.starttls = true,
                Some("SIZE") => {
                    offers.size = Some(words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0));
                }
                Some("AUTH") => {
                    for word in words {
                        if !offers.auth.iter().any(|known| known == word) {
                            offers.auth.push(word.to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
        offers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(text: &str) -> Offers {
        Offers::parse(&Reply::parse(text.as_bytes()).unwrap().unwrap().0)
    }

    #[test]
    fn keywords_come_in_any_case() {
        let read = offers(
            "250-mx.example\r\n250-Pipelining\r\n250-size 1000\r\n250-8bitmime\r\n250-auth Login plain\r\n250-AUTH=LOGIN\r\n250 SmtpUtf8\r\n",
        );
        assert!(read.pipelining && read.eight_bit && read.utf8 && !read.starttls);
        assert_eq!(read.size, Some(Some(1000)));
        assert_eq!(read.auth, ["LOGIN", "PLAIN"]);
    }

    #[test]
    fn a_name_is_no_keyword_and_no_limit_is_none() {
        assert_eq!(offers("250 PIPELINING\r\n"), Offers::default());
        assert_eq!(offers("250-x\r\n250 SIZE 0\r\n").size, Some(None));
        assert_eq!(offers("250-x\r\n250 SIZE\r\n").size, Some(None));
    }
}
