//! Artifacts in, digests out (distribution spec, "Pushing blobs" and "Pushing manifests"; image spec, `manifest.md`).

use std::collections::BTreeMap;

use manifest::{Digest, ImageRef};
use net::worker_pool;
use serde_json::json;
use sha2::Digest as _;

use crate::failure::{Failure, Kind, ResolveError};
use crate::http::{Answer, Body};
use crate::index::Document;
use crate::place::places;
use crate::resolve::Resolver;
use crate::session::{Question, Reply, Rights, Run, Session};

/// The media type of the manifest that an artifact has.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The distribution spec has registries refuse manifests beyond 4 MiB; what is larger is none.
const MANIFEST_LIMIT: usize = 4 << 20;
/// How much of any other answer is read: the registry's words where it refuses.
const WORDS: usize = 64 * 1024;
/// How often a blob is sent anew whose upload the registry has lost.
const UPLOADS: usize = 3;

/// One layer and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The media type of the config.
    pub config_media: String,
    /// The config. It must say everything that makes two artifacts the same, such as the digest of the content before
    /// compression.
    pub config: Vec<u8>,
    /// The media type of the layer.
    pub layer_media: String,
    /// The layer.
    pub layer: Vec<u8>,
    /// The manifest's annotations.
    pub annotations: BTreeMap<String, String>,
}

/// How artifacts are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writing {
    /// Nothing is written.
    pub dry_run: bool,
    /// A tag that stands for something of another kind, such as a container image, is set to the artifact all the same.
    pub adopt: bool,
}

/// What became of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The digest of the manifest that the tags stand for now.
    pub digest: Digest,
    /// The tags that did not stand for it before, in the order they were given; none where nothing was to do.
    pub moved: Vec<String>,
}

impl Artifact {
    /// The manifest, the same bytes for the same artifact.
    pub fn manifest(&self) -> Vec<u8> {
        let descriptor =
            |media: &str, bytes: &[u8]| json!({ "mediaType": media, "digest": sha256(bytes), "size": bytes.len() });
        json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(&self.config_media, &self.config),
            "layers": [descriptor(&self.layer_media, &self.layer)],
            "annotations": self.annotations,
        })
        .to_string()
        .into_bytes()
    }

    /// Whether a manifest is of the same kind: one layer, the same media types, and annotations of the same names. A container
    /// image is not.
    fn is_like(&self, document: &Document) -> bool {
        let [layer] = document.layers.as_slice() else { return false };
        let config = document.config.as_ref().is_some_and(|config| config.media_type == self.config_media);
        let said = |name| document.annotations.as_ref().is_some_and(|said| said.contains_key(name));
        config && layer.media_type == self.layer_media && self.annotations.keys().all(said)
    }

    /// Whether a manifest is one of the same content: its annotations, and how its layer was compressed, do not count.
    fn is_in(&self, document: &Document) -> bool {
        let [layer] = document.layers.as_slice() else { return false };
        let config = document.config.as_ref().map(|config| config.digest.as_str());
        config == Some(&sha256(&self.config)) && layer.media_type == self.layer_media
    }
}

/// `sha256:` and the digits of some bytes' digest.
pub fn sha256(bytes: &[u8]) -> String {
    let digits: String = sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// An artifact and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The repository; a tag or digest in it does not count.
    pub name: ImageRef,
    /// The tags.
    pub tags: Vec<String>,
    /// What goes there.
    pub artifact: Artifact,
}

impl Resolver {
    /// Writes artifacts and has each of their tags stand for them; one answer for each, in their order. Where one of the tags
    /// stands for the same content already, the artifact that is there stays, and the other tags are set to it. Mirrors are
    /// not asked.
    ///
    /// # Errors
    /// For each what the registry refuses, in its words, and a tag that stands for something of another kind.
    pub fn push(&self, parcels: &[Parcel], how: Writing) -> Vec<Result<Pushed, Box<ResolveError>>> {
        let run = self.run();
        let mut by_registry: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, parcel) in parcels.iter().enumerate() {
            by_registry.entry(parcel.name.registry()).or_default().push(index);
        }
        let queues: Vec<Vec<usize>> = by_registry.into_values().collect();
        let answers =
            worker_pool::run(&queues, self.options().concurrency, &|index| self.send(&run, &parcels[index], how));
        let named = answers.into_iter().zip(parcels);
        named
            .map(|(answer, parcel)| answer.map_err(|failure| Box::new(ResolveError::new(&parcel.name, failure))))
            .collect()
    }

    fn send(&self, run: &Run<'_>, parcel: &Parcel, how: Writing) -> Result<Pushed, Failure> {
        let registry = parcel.name.registry();
        let own = places(registry, self.options())?.pop();
        let own = own.ok_or_else(|| Failure::new(Kind::Network, registry, "there is no place to ask"))?;
        let session = self.session(own, if how.dry_run { Rights::Pull } else { Rights::Push });
        let repository = parcel.name.repository();
        Push { run: *run, session: &session, repository, artifact: &parcel.artifact }.all(&parcel.tags, how)
    }
}

/// One artifact on its way.
struct Push<'a> {
    run: Run<'a>,
    session: &'a Session,
    repository: String,
    artifact: &'a Artifact,
}

impl Push<'_> {
    fn all(&self, tags: &[String], how: Writing) -> Result<Pushed, Failure> {
        let there = tags.iter().map(|tag| self.there(tag)).collect::<Result<Vec<_>, Failure>>()?;
        for (tag, (_, document)) in tags.iter().zip(&there).filter_map(|(tag, there)| Some((tag, there.as_ref()?))) {
            if !how.adopt && !self.artifact.is_like(document) {
                return Err(self.in_use(tag));
            }
        }
        let standing = there.iter().flatten().find(|(_, document)| self.artifact.is_in(document));
        let manifest = standing.map_or_else(|| self.artifact.manifest(), |(bytes, _)| bytes.clone());
        let moved = tags.iter().zip(&there);
        let moved = moved.filter(|(_, there)| there.as_ref().is_none_or(|(bytes, _)| *bytes != manifest));
        let moved: Vec<String> = moved.map(|(tag, _)| tag.clone()).collect();
        if !how.dry_run {
            if standing.is_none() {
                self.blob(&self.artifact.config)?;
                self.blob(&self.artifact.layer)?;
            }
            moved.iter().try_for_each(|tag| self.manifest(tag, &manifest))?;
        }
        let digest = Digest::parse(&sha256(&manifest)).map_err(|reason| self.odd(reason.to_string()))?;
        Ok(Pushed { digest, moved })
    }

    /// The manifest that a tag stands for; nothing where there is none. What is there but is no manifest that hydrant
    /// reads is an empty one: it is not ours.
    fn there(&self, tag: &str) -> Result<Option<(Vec<u8>, Document)>, Failure> {
        let tail = format!("manifests/{tag}");
        let question =
            Question { accept: Some(crate::index::ACCEPT), limit: MANIFEST_LIMIT, ..self.question("GET", &tail) };
        let reply = self.session.ask(&self.run, &question)?;
        match reply.answer.status {
            200 => {
                let document = Document::parse(&reply.answer.body).unwrap_or_default();
                Ok(Some((reply.answer.body, document)))
            }
            404 => Ok(None),
            _ => Err(self.refused(&question, &reply)),
        }
    }

    /// Sends a blob that the repository does not have yet.
    fn blob(&self, bytes: &[u8]) -> Result<(), Failure> {
        let digest = sha256(bytes);
        let mut last = Err(self.odd(format!("the blob {digest} was not taken")));
        for _ in 0..UPLOADS {
            let tail = format!("blobs/{digest}");
            let known = self.session.ask(&self.run, &self.question("HEAD", &tail))?;
            if known.answer.status == 200 {
                return Ok(());
            }
            let nothing = Body { media: "application/octet-stream", bytes: b"" };
            let begin = Question { body: Some(nothing), ..self.question("POST", "blobs/uploads/") };
            let begun = self.session.ask(&self.run, &begin)?;
            let location = begun.answer.header("location").filter(|_| begun.answer.status == 202);
            let Some(location) = location else { return Err(self.refused(&begin, &begun)) };
            let send = Question { body: Some(Body { bytes, ..nothing }), ..self.question("PUT", "blobs/uploads/") };
            let sent = self.session.ask_at(&self.run, &send, location, &[("digest", &digest)])?;
            match sent.answer.status {
                201 => return Ok(()),
                // The upload is no longer known: the answer to an earlier try was lost, or another server was asked.
                404 | 416 => last = Err(self.refused(&send, &sent)),
                _ => return Err(self.refused(&send, &sent)),
            }
        }
        last
    }

    fn manifest(&self, tag: &str, bytes: &[u8]) -> Result<(), Failure> {
        let tail = format!("manifests/{tag}");
        let question = Question { body: Some(Body { media: MANIFEST, bytes }), ..self.question("PUT", &tail) };
        let reply = self.session.ask(&self.run, &question)?;
        let stated = |answer: &Answer| answer.header("docker-content-digest").map(str::to_owned);
        match (reply.answer.status, stated(&reply.answer)) {
            (201, Some(other)) if other != sha256(bytes) => {
                Err(self.odd(format!("{tag} was written as {}, and the registry calls it {other}", sha256(bytes))))
            }
            (201, _) => Ok(()),
            _ => Err(self.refused(&question, &reply)),
        }
    }

    fn question<'q>(&'q self, method: &'q str, tail: &'q str) -> Question<'q> {
        Question { method, repository: &self.repository, tail, accept: None, body: None, limit: WORDS, patient: true }
    }

    fn refused(&self, question: &Question<'_>, reply: &Reply) -> Failure {
        let failure = self.session.refusal(question, reply);
        match failure.kind {
            // Nothing is looked for by tag when something is written.
            Kind::MissingRepository | Kind::MissingTag => failure
                .missing_repository()
                .hint(format!("Some registries (ECR) want the repository {} to be made first.", self.repository)),
            _ => failure,
        }
    }

    fn in_use(&self, tag: &str) -> Failure {
        let words =
            format!("the tag {tag} stands for something that is no artifact of this kind, such as a container image");
        Failure::new(Kind::TagInUse, &self.session.host(), words)
            .hint("Choose another repository or tag, or pass --adopt to have the tag stand for the artifact.")
    }

    fn odd(&self, words: String) -> Failure {
        Failure::new(Kind::Protocol, &self.session.host(), words)
    }
}
