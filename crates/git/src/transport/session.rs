//! A repository behind a service: the protocol over a [`Channel`].

use std::io::{self, ErrorKind};

use git2::{Oid, Repository};

use super::channel::{Channel, Request, Service};
use super::fetch::{self, Since, Wanted};
use super::refs::{self, Announcement};
use super::{Line, PushOptions, PushReport, RemoteRef, Transport, TransportError, Update, push};
use crate::pack::Pack;

/// A repository that is reached through a channel.
pub(super) struct Session<C> {
    channel: C,
    shown: String,
    upload: Option<Announcement>,
    /// What the other service can do. Only kept where a request needs no announcement before it.
    receive: Option<Announcement>,
}

impl<C: Channel> Session<C> {
    pub(super) fn new(channel: C, shown: String) -> Self {
        Self { channel, shown, upload: None, receive: None }
    }

    fn failed(&mut self, error: &io::Error) -> TransportError {
        let url = self.shown.clone();
        match error.kind() {
            ErrorKind::InvalidData => TransportError::Protocol { url, words: error.to_string() },
            ErrorKind::Unsupported => TransportError::Server { url, words: error.to_string() },
            ErrorKind::Other => TransportError::Server { url, words: error.to_string() },
            _ => {
                let words = self.channel.last_words();
                let early = "the connection ended in the middle of an answer";
                let own = if error.kind() == ErrorKind::UnexpectedEof { early.to_owned() } else { error.to_string() };
                TransportError::Unreachable { url, words: words.unwrap_or(own) }
            }
        }
    }

    fn announce(&mut self, service: Service) -> Result<Announcement, TransportError> {
        let mut reader = self.channel.announce(service)?;
        let read = refs::announcement(&mut reader);
        drop(reader);
        let announcement = read.map_err(|error| self.failed(&error))?;
        if announcement.value("object-format").is_some_and(|format| format != "sha1") {
            return Err(TransportError::Lacks {
                url: self.shown.clone(),
                what: "SHA-1 object ids".to_owned(),
                advice: "use a repository with SHA-1 object ids".to_owned(),
            });
        }
        Ok(announcement)
    }

    /// The upload service, started where it must be.
    fn upload(&mut self, fresh: bool) -> Result<Announcement, TransportError> {
        if let Some(known) = &self.upload
            && !fresh
            && (known.v2 || self.channel.stateless())
        {
            return Ok(known.clone());
        }
        let announcement = self.announce(Service::UploadPack)?;
        self.upload = Some(announcement.clone());
        Ok(announcement)
    }

    /// The receiving service, started where it must be.
    fn receive(&mut self) -> Result<Announcement, TransportError> {
        if let Some(known) = &self.receive {
            return Ok(known.clone());
        }
        if !self.channel.stateless() {
            // A channel holds one service at a time, and what this one announced will be old.
            self.upload = None;
        }
        let announcement = self.announce(Service::ReceivePack)?;
        if self.channel.stateless() {
            // The next push needs its abilities; its refs will be old then.
            self.receive = Some(Announcement { refs: Vec::new(), ..announcement.clone() });
        }
        Ok(announcement)
    }

    fn check_abilities(
        &self,
        server: &Announcement,
        updates: &[Update],
        options: &PushOptions,
    ) -> Result<(), TransportError> {
        for (asked, what, advice) in [
            (true, "report-status", "its git is too old to be trusted with a push"),
            (options.atomic, "atomic", "push without --atomic"),
            (updates.iter().any(|update| update.new.is_none()), "delete-refs", "delete the branch at the host"),
            (
                !options.options.is_empty(),
                "push-options",
                "set receive.advertisePushOptions at the server, or push without options",
            ),
        ] {
            if asked && !server.has(what) {
                let (what, advice) = (what.to_owned(), advice.to_owned());
                return Err(TransportError::Lacks { url: self.shown.clone(), what, advice });
            }
        }
        Ok(())
    }

    fn get(&mut self, wanted: &Wanted<'_>, here: &Repository) -> Result<(), TransportError> {
        if wanted.ids.is_empty() {
            return Ok(());
        }
        let server = self.upload(false)?;
        let body = fetch::request(&server, wanted);
        let mut reader = self.channel.request(Service::UploadPack, Request::lines(body))?;
        let received = fetch::receive(&mut reader, &server, here);
        drop(reader);
        received.map_err(|error| self.failed(&error))
    }
}

impl<C: Channel> Transport for Session<C> {
    fn list(&mut self, prefixes: &[String]) -> Result<Vec<RemoteRef>, TransportError> {
        // Version 0 announces the refs as they are at the start: an old announcement would show an old state.
        let fresh = self.upload.as_ref().is_some_and(|known| !known.v2);
        let server = self.upload(fresh)?;
        let mut found = if server.v2 {
            let body = fetch::list_request(&server, prefixes);
            let mut reader = self.channel.request(Service::UploadPack, Request::lines(body))?;
            let lines = fetch::lines(&mut reader);
            drop(reader);
            let refs =
                lines.and_then(|lines| lines.iter().map(|line| refs::remote_ref(line)).collect::<io::Result<Vec<_>>>());
            refs.map_err(|error| self.failed(&error))?.into_iter().flatten().collect()
        } else {
            server.refs
        };
        found.retain(|found| prefixes.iter().any(|prefix| found.name.starts_with(prefix)));
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    fn fetch(&mut self, tips: &[Oid], depth: u32, here: &Repository) -> Result<(), TransportError> {
        self.get(&Wanted { ids: tips, depth, no_blobs: true }, here)
    }

    fn since(&mut self, tips: &[Oid], commit: Oid, here: &Repository) -> Result<Line, TransportError> {
        let server = self.upload(false)?;
        let mut done = !server.v2;
        loop {
            let body = fetch::since_request(&server, tips, commit, done);
            let mut reader = self.channel.request(Service::UploadPack, Request::lines(body))?;
            let answer = fetch::since(&mut reader, &server, done, here);
            drop(reader);
            match answer.map_err(|error| self.failed(&error))? {
                Since::Unknown => return Ok(Line::Unknown),
                Since::Fetched => return Ok(Line::Fetched),
                Since::Known => done = true,
            }
        }
    }

    fn objects(&mut self, ids: &[Oid], here: &Repository) -> Result<(), TransportError> {
        let odb = here.odb().map_err(|error| git(&self.shown, &error))?;
        let missing: Vec<Oid> = ids.iter().copied().filter(|&id| !odb.exists(id)).collect();
        self.get(&Wanted { ids: &missing, depth: 0, no_blobs: false }, here)
    }

    fn push(
        &mut self,
        updates: &[Update],
        pack: &Pack<'_>,
        options: &PushOptions,
    ) -> Result<PushReport, TransportError> {
        let server = self.receive()?;
        self.check_abilities(&server, updates, options)?;
        let stale = push::stale(&server, updates);
        if stale.iter().all(Option::is_some) || options.atomic && stale.iter().any(Option::is_some) {
            // Lost before anything is sent: the server need not unpack it, nor run its hooks.
            self.channel.leave();
            let words = |words: Option<String>| Err(words.unwrap_or_else(|| "atomic push failure".to_owned()));
            return Ok(PushReport { refs: stale.into_iter().map(words).collect(), ..PushReport::default() });
        }
        let git = |error: io::Error| TransportError::Git { place: "pack".to_owned(), words: error.to_string() };
        // Who only deletes sends no pack (gitprotocol-pack).
        let pack = updates.iter().any(|update| update.new.is_some()).then(|| pack.spooled()).transpose();
        let request = Request { lines: push::request(&server, updates, options), pack: pack.map_err(git)? };
        let mut reader = self.channel.request(Service::ReceivePack, request)?;
        let report = push::report(&mut reader, &server, updates);
        drop(reader);
        report.map_err(|error| self.failed(&error))
    }
}

/// libgit2's error as ours.
pub(super) fn git(place: &str, error: &git2::Error) -> TransportError {
    TransportError::Git { place: place.to_owned(), words: error.message().to_owned() }
}
