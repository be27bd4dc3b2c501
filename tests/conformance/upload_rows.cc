// Pushing blobs: end-4a, end-4b, end-5, end-6, end-11, end-13 and the cancelling of an upload.
#include <gtest/gtest.h>

#include "tests/conformance/row.h"

namespace drydock::simulator {
namespace {

const std::string kUploads = At("blobs/uploads/");

std::string BlobIn(std::string_view bytes, std::string_view repository = kAppWeb) {
  return At("blobs/" + Sha256(bytes), repository);
}

// The last Location with the digest of these bytes, escaped as clients do.
std::string Commit(std::string_view bytes) {
  return "{location}&digest=sha256%3A" + Sha256(bytes).substr(7);
}

Step Start() { return Post(kUploads).Gives(202); }

Step Chunk(std::string_view range, std::string bytes) {
  return Patch("{location}").With("Content-Range", range).Sending(std::move(bytes));
}

Personality Small() {
  Personality personality = AnonymousPersonality();
  personality.limits.upload_sessions = 2;
  personality.limits.blob_bytes = 8;
  return personality;
}

}  // namespace

const std::vector<Row>& UploadRows() {
  static const std::vector<Row> kRows = {
      {"upload.start",
       "POST opens a session",
       {Post(kUploads)
            .Gives(202)
            .Has("Location", "/v2/app/web/blobs/uploads/*-*-4*-*-*")
            .Has("Range", "0-0")
            .Has("Docker-Upload-UUID", "*")
            .Has("Content-Length", "0")}},
      {"upload.session-id",
       "two sessions are two",
       {Start(), Start(), Patch("{location}").Sending("hello").Gives(202).Has("Range", "0-4"),
        Get("{first}").Gives(204).Has("Range", "0-0")}},
      {"name.grammar",
       "an invalid repository name",
       {Post("/v2/App/blobs/uploads/").Refused(400, "NAME_INVALID")}},
      {"http",
       "POST without the slash at the end",
       {Post(At("blobs/uploads")).Refused(405, "UNSUPPORTED")}},
      {"too-many",
       "more open sessions than the registry allows",
       {Start(), Start(), Post(kUploads).Refused(429, "TOOMANYREQUESTS"),
        Delete("{location}").Gives(204), Start()},
       Small},
      {"single-post.201",
       "the whole blob in one POST",
       {Post(kUploads + "?digest=" + Sha256("hello"))
            .Sending("hello", "application/octet-stream")
            .Gives(201)
            .Has("Location", BlobIn("hello"))
            .Has("Docker-Content-Digest", Sha256("hello")),
        Get(BlobIn("hello")).Gives(200).Says("hello")}},
      {"single-post.201",
       "one POST without a length",
       {Post(kUploads + "?digest=" + Sha256("hello")).Sending("hello").Chunked().Gives(201)}},
      {"single-post.match",
       "one POST with other bytes than the digest says",
       {Post(kUploads + "?digest=" + Sha256("hello"))
            .Sending("HELLO")
            .Refused(400, "DIGEST_INVALID"),
        Head(BlobIn("hello")).Gives(404), Head(BlobIn("HELLO")).Gives(404)}},
      {"upload.invalid-digest",
       "one POST with a malformed digest",
       {Post(kUploads + "?digest=sha256:bad").Sending("hello").Refused(400, "DIGEST_INVALID")}},
      {"limit.blob",
       "one POST with more than the registry takes",
       {Post(kUploads + "?digest=" + Sha256("hello world"))
            .Sending("hello world")
            .Refused(413, "SIZE_INVALID"),
        Post(kUploads + "?digest=" + Sha256("hello world"))
            .Sending("hello world")
            .Chunked()
            .Refused(413, "SIZE_INVALID")},
       Small},
      {"upload.put",
       "POST then PUT with the whole body, as BuildKit pushes",
       {Start(),
        Put(Commit("hello"))
            .Sending("hello", "application/octet-stream")
            .Gives(201)
            .Has("Location", BlobIn("hello"))
            .Has("Docker-Content-Digest", Sha256("hello"))
            .Has("Content-Length", "0"),
        Head(BlobIn("hello")).Gives(200), Get("{location}").Gives(200).Says("hello")}},
      {"upload.put",
       "PUT of an empty blob",
       {Start(), Put(Commit("")).Gives(201), Get(BlobIn("")).Gives(200).Says("")}},
      {"upload.put",
       "PUT with a body of unknown length",
       {Start(), Put(Commit("hello")).Sending("hello").Chunked().Gives(201)}},
      {"upload.invalid-digest",
       "PUT whose bytes are not the digest's ends the session",
       {Start(), Put(Commit("hello")).Sending("HELLO").Refused(400, "DIGEST_INVALID"),
        Get("{location}").Refused(404, "BLOB_UPLOAD_UNKNOWN"), Head(BlobIn("hello")).Gives(404)}},
      {"upload.whole-digest",
       "PUT without a digest leaves the session open",
       {Start(), Put("{location}").Sending("hello").Refused(400, "DIGEST_INVALID"),
        Put(Commit("hello")).Sending("hello").Gives(201)}},
      {"upload.invalid-digest",
       "PUT with a malformed digest",
       {Start(), Put("{location}&digest=sha256:baddigeststring").Refused(400, "DIGEST_INVALID")}},
      {"upload.unknown",
       "PUT to a session nobody opened",
       {Put(kUploads + "nobody?digest=" + Sha256("hello"))
            .Sending("hello")
            .Refused(404, "BLOB_UPLOAD_UNKNOWN")}},
      {"upload.unknown",
       "PUT to the session of another repository",
       {Start(), Start(), Step([](Bench& bench) {
          const std::string session = bench.registry.OpenUploads()[0].session;
          EXPECT_EQ(
              bench
                  .Send("PUT",
                        "/v2/app/other/blobs/uploads/" + session + "?digest=" + Sha256("hello"), {},
                        "hello")
                  .status,
              404);
        })}},
      {"upload.put",
       "a session ends with its commit",
       {Start(), Step([](Bench& bench) { EXPECT_EQ(bench.registry.OpenUploads().size(), 1U); }),
        Put(Commit("hello")).Sending("hello").Gives(201),
        Step([](Bench& bench) { EXPECT_TRUE(bench.registry.OpenUploads().empty()); })}},
      {"upload.whole-digest",
       "sha512 though the session did not know it would be",
       {Start(), Patch("{location}").Sending("hel").Gives(202),
        Put("{location}&digest=sha512:9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673"
            "ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043")
            .Sending("lo")
            .Gives(201)
            .Has("Docker-Content-Digest", "sha512:9b71d224bd62f3785d96d46ad3ea3d73*")}},
      {"upload.put",
       "the same blob pushed twice",
       {Start(), Put(Commit("hello")).Sending("hello").Gives(201), Start(),
        Put(Commit("hello")).Sending("hello").Gives(201)}},
      {"upload.put",
       "one copy for two repositories",
       {HaveBlob("app/base", "hello"), Start(), Put(Commit("hello")).Sending("hello").Gives(201),
        Step([](Bench& bench) {
          EXPECT_EQ(bench.registry.store().blob_count(), 1U);
          EXPECT_EQ(bench.registry.store().blob_bytes(), 5U);
        })}},
      {"chunk.final",
       "the last chunk in the closing PUT",
       {Start(), Chunk("0-2", "hel").Gives(202),
        Put(Commit("hello")).With("Content-Range", "3-4").Sending("lo").Gives(201),
        Get(BlobIn("hello")).Gives(200).Says("hello")}},
      {"chunk.final-order",
       "the last chunk in the closing PUT, out of order",
       {Start(), Chunk("0-2", "hel").Gives(202),
        Put(Commit("hello"))
            .With("Content-Range", "4-5")
            .Sending("lo")
            .Refused(416, "RANGE_INVALID")
            .Has("Range", "0-2"),
        Get("{location}").Gives(204).Has("Range", "0-2"),
        Put(Commit("hello")).With("Content-Range", "3-4").Sending("lo").Gives(201)}},
      {"limit.blob",
       "a body larger than the registry takes",
       {Start(), Put(Commit("hello world")).Sending("hello world").Refused(413, "SIZE_INVALID"),
        Get("{location}").Gives(204).Has("Range", "0-0")},
       Small},
      {"chunk.stream",
       "PATCH of a stream then an empty PUT, as docker and skopeo push",
       {Start(),
        Patch("{location}")
            .Sending("hello")
            .Chunked()
            .Gives(202)
            .Has("Range", "0-4")
            .Has("Location", "/v2/app/web/blobs/uploads/*")
            .Has("Docker-Upload-UUID", "*"),
        Put(Commit("hello")).Gives(201), Get(BlobIn("hello")).Gives(200).Says("hello")}},
      {"chunk.stream",
       "PATCH with a length and without a Content-Type",
       {Start(), Patch("{location}").Sending("hello").Gives(202).Has("Range", "0-4")}},
      {"chunk.202",
       "chunks in order",
       {Start(), Chunk("0-2", "hel").Gives(202).Has("Range", "0-2"),
        Chunk("3-4", "lo").Gives(202).Has("Range", "0-4"), Put(Commit("hello")).Gives(201),
        Get(BlobIn("hello")).Gives(200).Says("hello")}},
      {"chunk.first",
       "a first chunk that does not begin at zero",
       {Start(), Chunk("3-4", "lo").Refused(416, "RANGE_INVALID"),
        Get("{location}").Gives(204).Has("Range", "0-0")}},
      {"chunk.order",
       "a chunk out of order says where to go on",
       {Start(), Chunk("0-2", "hel").Gives(202),
        Chunk("7-8", "lo")
            .Refused(416, "RANGE_INVALID")
            .Has("Range", "0-2")
            .Has("Location", "/v2/app/web/blobs/uploads/*"),
        Get("{location}").Gives(204).Has("Range", "0-2").Has("Location", "*"),
        Chunk("3-4", "lo").Gives(202), Put(Commit("hello")).Gives(201)}},
      {"chunk.order",
       "a chunk sent twice",
       {Start(), Chunk("0-2", "hel").Gives(202), Chunk("0-2", "hel").Refused(416, "RANGE_INVALID"),
        Get("{location}").Gives(204).Has("Range", "0-2")}},
      {"chunk.range",
       "a chunk that is not as long as its range",
       {Start(), Chunk("0-4", "hel").Refused(400, "SIZE_INVALID"),
        Get("{location}").Gives(204).Has("Range", "0-0")}},
      {"chunk.range",
       "a streamed chunk longer than its range leaves nothing behind",
       {Start(), Chunk("0-2", "hel").Gives(202),
        Patch("{location}")
            .With("Content-Range", "3-4")
            .Sending("lo and more")
            .Chunked()
            .Refused(400, "SIZE_INVALID"),
        Get("{location}").Gives(204).Has("Range", "0-2"), Chunk("3-4", "lo").Gives(202),
        Put(Commit("hello")).Gives(201)}},
      {"chunk.range",
       "a Content-Range in the form of a response",
       {Start(), Chunk("bytes 0-4/5", "hello").Refused(400, "BLOB_UPLOAD_INVALID"),
        Get("{location}").Gives(204).Has("Range", "0-0")}},
      {"chunk.range",
       "a Content-Range that runs backwards",
       {Start(), Chunk("4-0", "hello").Refused(400, "BLOB_UPLOAD_INVALID")}},
      {"upload.unknown",
       "PATCH to a session nobody opened",
       {Patch(kUploads + "nobody").Sending("hello").Refused(404, "BLOB_UPLOAD_UNKNOWN")}},
      {"limit.blob",
       "a stream larger than the registry takes",
       {Start(), Patch("{location}").Sending("hel").Gives(202),
        Patch("{location}").Sending("lo world").Chunked().Refused(413, "SIZE_INVALID"),
        Get("{location}").Gives(204).Has("Range", "0-2")},
       Small},
      {"chunk.202",
       "regctl goes on with chunks where its PUT failed",
       {Start(),
        Patch("{location}&digest=" + Sha256("hello"))
            .With("Content-Range", "0-4")
            .Sending("hello")
            .Gives(202),
        Put(Commit("hello")).Gives(201)}},
      {"status.204",
       "status of a new session",
       {Start(), Get("{location}")
                     .Gives(204)
                     .Has("Range", "0-0")
                     .Has("Location", "/v2/app/web/blobs/uploads/*")
                     .Has("Docker-Upload-UUID", "*")}},
      {"status.204",
       "status after some bytes",
       {Start(), Patch("{location}").Sending("hello").Gives(202),
        Get("{location}").Gives(204).Has("Range", "0-4")}},
      {"upload.unknown-status",
       "status of a session nobody opened",
       {Get(kUploads + "nobody").Refused(404, "BLOB_UPLOAD_UNKNOWN")}},
      {"cancel.204",
       "a cancelled session is gone",
       {Start(), Patch("{location}").Sending("hello").Gives(202), Delete("{location}").Gives(204),
        Get("{first}").Refused(404, "BLOB_UPLOAD_UNKNOWN"),
        Delete("{first}").Refused(404, "BLOB_UPLOAD_UNKNOWN")}},
      {"http",
       "a session with a method it has not",
       {Start(), Head("{location}").Gives(405).Has("Allow", "GET, PATCH, PUT, DELETE")}},
      {"mount.201",
       "mount from another repository",
       {HaveBlob("app/base", "hello"),
        Post(kUploads + "?mount=" + Sha256("hello") + "&from=app/base")
            .Gives(201)
            .Has("Location", BlobIn("hello"))
            .Has("Docker-Content-Digest", Sha256("hello")),
        Get(BlobIn("hello")).Gives(200).Says("hello")}},
      {"mount.201",
       "mount with escapes and the other order, as docker and skopeo write it",
       {HaveBlob("app/base", "hello"), Post(kUploads + "?from=app%2Fbase&mount=sha256%3A" +
                                            Sha256("hello").substr(7) + "&origin=registry.test")
                                           .Gives(201)}},
      {"mount.202",
       "a mount that finds nothing opens a session",
       {HaveBlob("app/base", "other"),
        Post(kUploads + "?mount=" + Sha256("hello") + "&from=app/base")
            .Gives(202)
            .Has("Location", "/v2/app/web/blobs/uploads/*"),
        Put(Commit("hello")).Sending("hello").Gives(201)}},
      {"mount.202",
       "mount from a repository nobody knows",
       {Post(kUploads + "?mount=" + Sha256("hello") + "&from=no/such").Gives(202)}},
      {"mount.anonymous",
       "mount without from",
       {HaveBlob("app/base", "hello"), Post(kUploads + "?mount=" + Sha256("hello")).Gives(201),
        Head(BlobIn("hello")).Gives(200)}},
      {"mount.202",
       "mount without from of a blob nobody has",
       {Post(kUploads + "?mount=" + Sha256("hello")).Gives(202)}},
      {"mount.202",
       "mount without from where that is not offered",
       {HaveBlob("app/base", "hello"), Post(kUploads + "?mount=" + Sha256("hello")).Gives(202)},
       [] {
         Personality personality = AnonymousPersonality();
         personality.anonymous_mount = false;
         return personality;
       }},
      {"mount.201",
       "mount from the repository itself",
       {HaveBlob("app/web", "hello"),
        Post(kUploads + "?mount=" + Sha256("hello") + "&from=app/web").Gives(201)}},
      {"upload.invalid-digest",
       "mount of a malformed digest",
       {Post(kUploads + "?mount=sha256:bad&from=app/base").Refused(400, "DIGEST_INVALID")}},
  };
  return kRows;
}

}  // namespace drydock::simulator
