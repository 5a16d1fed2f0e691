//! One reference asked for at one place.

use manifest::{Digest, ImageRef};
use sha2::Digest as _;

use crate::failure::{Failure, Kind};
use crate::http::Answer;
use crate::index::{ACCEPT, Document, RawPlatform};
use crate::platform::Platform;
use crate::resolve::Resolved;
use crate::session::{Question, Reply, Run, Session, status_and_words};

/// The distribution spec has registries refuse manifests beyond 4 MiB; what is larger is none.
const MANIFEST_LIMIT: usize = 4 << 20;

/// One reference asked for at one place.
pub(crate) struct Lookup<'a> {
    pub(crate) run: Run<'a>,
    pub(crate) session: &'a Session,
    pub(crate) image: &'a ImageRef,
}

impl Lookup<'_> {
    /// The digest that the reference stands for.
    pub(crate) fn answer(&self) -> Result<Resolved, Failure> {
        let options = self.run.http.options();
        let digest = match (self.image.lookup_tag(), self.image.digest(), &options.platform) {
            (Some(tag), None, None) => self.digest(tag)?,
            (Some(tag), None, Some(platform)) => self.platform_digest(tag, platform)?,
            (Some(tag), Some(given), _) => self.given_beside_tag(tag, &given)?,
            (None, given, _) => self.given(given)?,
        };
        Ok(Resolved { digest, from: self.session.host() })
    }

    fn given(&self, given: Option<Digest>) -> Result<Digest, Failure> {
        let given = given.ok_or_else(|| self.odd("has neither tag nor digest".to_owned()))?;
        let found = self.digest(given.as_str())?;
        if found == given {
            Ok(given)
        } else {
            Err(self.odd(format!("asked for {given}, the registry answered with {found}")))
        }
    }

    /// A digest that is written beside a tag must be what the tag stands for, or one of its platforms' images.
    fn given_beside_tag(&self, tag: &str, given: &Digest) -> Result<Digest, Failure> {
        let now = self.digest(tag)?;
        if now == *given || self.fetch(now.as_str()).is_ok_and(|(_, index)| index.has(given)) {
            return Ok(given.clone());
        }
        let there = match self.digest(given.as_str()) {
            Ok(_) => "is still there",
            Err(failure) if failure.kind == Kind::MissingTag => "is no longer there",
            Err(failure) => return Err(failure),
        };
        let name = self.image.name();
        let words = format!("{tag} is now {now}, but {given} is written beside it ({given} {there})");
        let hint = format!("Write {name}:{tag} without the digest to follow the tag, or {name}@{given} to stay.");
        Err(Failure::new(Kind::Mismatch, &self.session.host(), words).hint(hint))
    }

    /// The digest of a tag or digest, by HEAD where that says it.
    fn digest(&self, reference: &str) -> Result<Digest, Failure> {
        if !self.run.http.options().hash_everything {
            let reply = self.ask("HEAD", &format!("manifests/{reference}"), 0)?;
            let stated = reply.answer.header("docker-content-digest").and_then(|text| Digest::parse(text).ok());
            if let (200, Some(digest)) = (reply.answer.status, stated) {
                return Ok(digest);
            }
            // An answer to HEAD has no words, so the same is asked once more; it has been tried often enough already.
            if matches!(reply.answer.status, 429 | 500..=599) {
                return self.fetch_once(reference).map(|(digest, _)| digest);
            }
        }
        self.fetch(reference).map(|(digest, _)| digest)
    }

    fn platform_digest(&self, tag: &str, platform: &Platform) -> Result<Digest, Failure> {
        let (digest, document) = self.fetch(tag)?;
        if document.is_index() {
            return document.choose(platform).map_err(|words| self.no_platform(tag, &words));
        }
        let config = document.config.map(|config| config.digest).unwrap_or_default();
        let bytes = self.blob(&config)?;
        let built: RawPlatform =
            serde_json::from_slice(&bytes).map_err(|_| self.odd(format!("the config of {tag} is no JSON")))?;
        let built = built.platform();
        if platform.covers(&built) {
            Ok(digest)
        } else {
            Err(self.no_platform(tag, &format!("is built for {built}, not for {platform}")))
        }
    }

    fn no_platform(&self, tag: &str, words: &str) -> Failure {
        Failure::new(Kind::MissingPlatform, &self.session.host(), format!("{tag} {words}"))
    }

    /// A manifest or index and the digest of its bytes, compared with what the registry states and what was asked for.
    pub(crate) fn fetch(&self, reference: &str) -> Result<(Digest, Document), Failure> {
        let tail = format!("manifests/{reference}");
        self.understand(reference, &self.ask("GET", &tail, MANIFEST_LIMIT)?)
    }

    fn fetch_once(&self, reference: &str) -> Result<(Digest, Document), Failure> {
        let (tail, repository) = (format!("manifests/{reference}"), self.image.repository());
        let (accept, limit) = (Some(ACCEPT), MANIFEST_LIMIT);
        let question =
            Question { method: "GET", repository: &repository, tail: &tail, accept, body: None, limit, patient: false };
        self.understand(reference, &self.session.ask(&self.run, &question)?)
    }

    fn understand(&self, reference: &str, reply: &Reply) -> Result<(Digest, Document), Failure> {
        let tail = format!("manifests/{reference}");
        let answer = &reply.answer;
        if answer.status != 200 {
            return Err(self.refused(&tail, reply));
        }
        let html = answer.header("content-type").is_some_and(|kind| kind.contains("html"));
        if answer.cut {
            return Err(
                self.odd(format!("the manifest of {reference} is larger than 4 MiB, which no registry may have"))
            );
        }
        let document = if html {
            Err(format!("is no manifest: {}", status_and_words(answer)))
        } else {
            Document::parse(&answer.body)
        };
        let document = document.map_err(|words| self.odd(format!("what stands at {reference} {words}")))?;
        let wanted = Digest::parse(reference).ok();
        let digest = hash(&answer.body, wanted.as_ref()).map_err(|words| self.odd(words))?;
        let stated = stated(answer)
            .map_err(|text| self.odd(format!("the registry states the digest `{text}`, which is none")))?;
        for (whose, other) in [("the registry states", stated), ("was asked for", wanted)] {
            if other.as_ref().is_some_and(|other| other.algorithm() == digest.algorithm() && *other != digest) {
                let other = other.map(|digest| digest.to_string()).unwrap_or_default();
                return Err(self.odd(format!("the manifest of {reference} hashes to {digest}, but {other} {whose}")));
            }
        }
        Ok((digest, document))
    }

    /// A blob, checked against its digest.
    pub(crate) fn blob(&self, digest: &str) -> Result<Vec<u8>, Failure> {
        let wanted = Digest::parse(digest).map_err(|_| self.odd(format!("`{digest}` is no digest")))?;
        let tail = format!("blobs/{digest}");
        let reply = self.ask("GET", &tail, MANIFEST_LIMIT)?;
        if reply.answer.status != 200 {
            return Err(self.refused(&tail, &reply));
        }
        match hash(&reply.answer.body, Some(&wanted)) {
            Ok(found) if found == wanted && !reply.answer.cut => Ok(reply.answer.body),
            _ => Err(self.odd(format!("the blob {digest} is not what its digest says"))),
        }
    }

    fn ask(&self, method: &str, tail: &str, limit: usize) -> Result<Reply, Failure> {
        let repository = self.image.repository();
        let accept = tail.starts_with("manifests/").then_some(ACCEPT);
        self.session.ask(
            &self.run,
            &Question { method, repository: &repository, tail, accept, body: None, limit, patient: true },
        )
    }

    /// What a refusal means. Some registries say `manifest unknown` for a missing repository too; its list of tags tells.
    fn refused(&self, tail: &str, reply: &Reply) -> Failure {
        let repository = self.image.repository();
        let question = Question {
            method: "GET",
            repository: &repository,
            tail,
            accept: None,
            body: None,
            limit: 0,
            patient: true,
        };
        let failure = self.session.refusal(&question, reply);
        if failure.kind != Kind::MissingTag {
            return failure;
        }
        let tags = "tags/list?n=1";
        match self.ask("GET", tags, MANIFEST_LIMIT) {
            Ok(list) if list.answer.status == 404 => {
                self.session.refusal(&Question { tail: tags, ..question }, &list).missing_repository()
            }
            _ => failure,
        }
    }

    fn odd(&self, words: String) -> Failure {
        Failure::new(Kind::Protocol, &self.session.host(), words)
    }
}

/// The digest that the header states; its text where that is none.
fn stated(answer: &Answer) -> Result<Option<Digest>, String> {
    let text = answer.header("docker-content-digest");
    text.map(|text| Digest::parse(text).map_err(|_| crate::failure::one_line(text))).transpose()
}

/// The digest of some bytes, with the algorithm of `like`, sha256 where there is none.
fn hash(bytes: &[u8], like: Option<&Digest>) -> Result<Digest, String> {
    let algorithm = like.map_or("sha256", Digest::algorithm);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let digits = match algorithm {
        "sha384" => hex(&sha2::Sha384::digest(bytes)),
        "sha512" => hex(&sha2::Sha512::digest(bytes)),
        _ => hex(&sha2::Sha256::digest(bytes)),
    };
    Digest::parse(&format!("{algorithm}:{digits}")).map_err(|reason| reason.to_string())
}
