//! Reports as texts; `tests/returns.rs` reads three hundred real ones.

use super::*;
use crate::mail::about::About;

/// A report of Postfix's kind, to `to`, about `recipient`.
pub(crate) fn bounce(to: &str, recipient: &str, status: &str, said: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.test (Mail Delivery System)\r\nTo: {to}\r\nSubject: Undelivered Mail\r\n\
         Message-ID: <1@mx.test>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r\n\
         Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {said}\r\n\
         --b--\r\n"
    )
}

fn only(text: &str) -> (Kind, Failure) {
    let report = Report::read(text.as_bytes());
    assert_eq!(report.failures.len(), 1, "{report:?}");
    (report.kind, report.failures[0].clone())
}

#[test]
fn a_delivery_report_says_who_and_why() {
    let (kind, failure) =
        only(&bounce("bounces@x.test", "Ana@x.test", "5.1.1", "550 5.1.1 <ana@x.test>: no such\r\n user here"));
    assert_eq!((kind, failure.code, failure.enhanced), (Kind::Failure, Some(550), Some((5, 1, 1))));
    assert_eq!(failure.line, "550 5.1.1 <ana@x.test>: no such user here");
    assert_eq!(failure.recipients, ["Ana@x.test"]);
    assert_eq!(failure.verdict, Verdict { about: About::Person, lasting: true });
    let late = bounce("b@x.test", "a@x.test", "4.4.1", "connection timed out").replace("failed", "delayed");
    assert!(!only(&late).1.verdict.lasting);
    let done = bounce("b@x.test", "a@x.test", "2.0.0", "250 ok").replace("failed", "relayed");
    assert_eq!(Report::read(done.as_bytes()).kind, Kind::Delivered);
}

#[test]
fn tokens_are_looked_for_where_a_report_may_hold_them() {
    let token = "aeaqcaaeaqcaibaeaqcaibaeaqcaibaeaq";
    for text in [
        format!("To: <bounces+{token}@x.test>\n\nx"),
        format!("To: x@x.test\nDelivered-To: Bounces+{}@x.test\n\nx", token.to_uppercase()),
        format!("In-Reply-To: <{token}@x.test>\n\nx"),
        format!("Subject: x\n\nIt failed.\n\nMessage-ID: <{token}@x.test>\n"),
        format!(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <{token}@x.test>\n\nx\n--b--\n"
        ),
    ] {
        assert_eq!(Report::read(text.as_bytes()).tokens, [token], "{text}");
    }
    let many: String = (0..100).map(|n| format!("<{token}{}@x>\n", "a".repeat(n % 40))).collect();
    assert!(Report::read(format!("A: b\n\n{many}").as_bytes()).tokens.len() <= 12);
}

#[test]
fn machines_and_letters_are_told_apart() {
    for (kind, text) in [
        (Kind::AutoReply, "From: a@x.test\nSubject: Re: News\nAuto-Submitted: auto-replied (vacation)\n\nI am away."),
        (Kind::AutoReply, "From: a@x.test\nSubject: Automatic reply: News\n\nI am away."),
        (Kind::AutoReply, "From: a@x.test\nSubject: =?utf-8?B?0JDRg9GC0L7QvNCw0YLRgdC60Lgg0L7QtNCz0L7QstC+0YA=?=\n\nx"),
        (Kind::Challenge, "From: a@x.test\nSubject: Please confirm your message\n\nClick here."),
        (Kind::Letter, "From: a@x.test\nSubject: Re: News\n\nThank you! The delivery failed at first."),
        (Kind::Letter, ""),
        (Kind::Letter, "\0\u{feff}\n\n\n"),
    ] {
        assert_eq!(Report::read(text.as_bytes()).kind, kind, "{text}");
    }
}

#[test]
fn complaints_are_those_of_people() {
    let report = |kind: &str| {
        let text = format!(
            "From: fbl@x.test\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
             --b\nContent-Type: text/plain\n\nA complaint.\n--b\nContent-Type: message/feedback-report\n\n\
             Feedback-Type: {kind}\nVersion: 1\n\n--b--\n"
        );
        Report::read(text.as_bytes()).kind
    };
    assert_eq!(report("abuse"), Kind::Complaint);
    assert_eq!(report("Fraud"), Kind::Complaint);
    assert_eq!(report("not-spam"), Kind::Feedback, "somebody took it out of the junk folder");
    assert_eq!(report("auth-failure"), Kind::Feedback, "about our signature (RFC 6591)");
}

#[test]
fn prose_about_several_recipients_gives_up_none_of_them() {
    let prose =
        |lines: &str| only(&format!("From: MAILER-DAEMON@mx.test\nSubject: failure notice\n\n{lines}\n")).1.verdict;
    let gone = Verdict { about: About::Person, lasting: true };
    assert_eq!(prose("<a@x.test>:\nRemote host said: 550 5.1.1 <a@x.test>: no such user"), gone);
    for lines in [
        "<list@x.test>:\nTaken.\n\n<b@y.test>:\nRemote host said: 550 5.1.1 <b@y.test>: no such user",
        "554 <a@x.test>... Remote protocol error\n550 5.1.1 <b@y.test>... User unknown",
    ] {
        assert!(!prose(lines).lasting, "{lines}");
    }
    let named = "From: MAILER-DAEMON@mx.test\nX-Failed-Recipients: a@x.test, b@y.test\n\n550 5.1.1 no such user\n";
    assert!(Report::read(named.as_bytes()).failures.iter().all(|failure| !failure.verdict.lasting));
}

/// Every beginning of every kind of report is read without a fault.
#[test]
fn what_is_broken_off_is_read_as_far_as_it_goes() {
    let whole = bounce("bounces@x.test", "ana@x.test", "5.1.1", "550 5.1.1 no");
    for text in [whole.replace("\r\n", "\r"), whole] {
        for end in 0..text.len() {
            Report::read(&text.as_bytes()[..end]);
        }
    }
}
