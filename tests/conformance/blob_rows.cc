// Pulling, checking and deleting blobs: end-1, end-2, end-10.
#include "tests/conformance/row.h"

namespace drydock::simulator {
namespace {

std::string BlobAt(std::string_view bytes) { return At("blobs/" + Sha256(bytes)); }

const std::string kSha512OfHello =
    "sha512:"
    "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e"
    "14b8c5da0c4663475c2e5c3adef46f73bcdec043";

}  // namespace

const std::vector<Row>& BlobRows() {
  static const std::vector<Row> kRows = {
      {"ping.200",
       "ping",
       {Get("/v2/").Gives(200).Says("{}").Has("Content-Type", "application/json*")}},
      {"http", "ping by HEAD", {Head("/v2/").Gives(200).Has("Content-Length", "2")}},
      {"http",
       "ping with a method it has not",
       {Post("/v2/").Refused(405, "UNSUPPORTED").Has("Allow", "GET, HEAD")}},
      {"http", "a path outside the API", {Get("/").Gives(404).Says("404 page not found\n")}},
      {"http",
       "headers beyond the limit",
       {Get("/v2/").With("X-Long", std::string(40000, 'x')).Gives(431)}},
      {"http",
       "a target beyond the limit",
       {Get("/v2/?" + std::string(9000, 'x')).Gives(414),
        Get("/v2/" + std::string(9000, 'x') + "/tags/list").Gives(414),
        Get("/" + std::string(9000, 'x')).Gives(414)}},
      {"blob.get",
       "GET gives the bytes and what describes them",
       {HaveBlob("app/web", "hello"), Get(BlobAt("hello"))
                                          .Gives(200)
                                          .Says("hello")
                                          .Has("Content-Type", "application/octet-stream")
                                          .Has("Content-Length", "5")
                                          .Has("Docker-Content-Digest", Sha256("hello"))
                                          .Has("ETag", "\"" + Sha256("hello") + "\"")
                                          .Has("Accept-Ranges", "bytes")
                                          .Has("Cache-Control", "max-age=31536000")}},
      {"blob.head",
       "HEAD has the headers of GET and no body",
       {HaveBlob("app/web", "hello"), Head(BlobAt("hello"))
                                          .Gives(200)
                                          .Says("")
                                          .Has("Content-Type", "application/octet-stream")
                                          .Has("Content-Length", "5")
                                          .Has("Docker-Content-Digest", Sha256("hello"))}},
      {"blob.get",
       "an empty blob",
       {HaveBlob("app/web", ""), Get(BlobAt("")).Gives(200).Says("").Has("Content-Length", "0")}},
      {"http",
       "a digest escaped in the path",
       {HaveBlob("app/web", "hello"),
        Get(At("blobs/sha256%3A" + Sha256("hello").substr(7))).Gives(200).Says("hello")}},
      {"blob.missing",
       "a blob nobody pushed",
       {Get(BlobAt("hello")).Refused(404, "BLOB_UNKNOWN").Says("*" + Sha256("hello") + "*")}},
      {"blob.head-missing",
       "HEAD of a blob nobody pushed says how long the answer to GET would be",
       {Head(BlobAt("hello")).Gives(404).Has("Content-Type", "application/json*")}},
      {"blob.missing",
       "a blob of another repository",
       {HaveBlob("app/base", "hello"), HaveBlob("app/web", "other"),
        Head(BlobAt("hello")).Gives(404), Get(BlobAt("hello")).Refused(404, "BLOB_UNKNOWN")}},
      {"digest.format",
       "a malformed digest",
       {Get(At("blobs/sha256:baddigeststring")).Refused(400, "DIGEST_INVALID")}},
      {"digest.format",
       "an unregistered digest algorithm",
       {Get(At("blobs/md5:5d41402abc4b2a76b9719d911017c592")).Refused(400, "DIGEST_INVALID")}},
      {"digest.format",
       "a digest in upper case",
       {HaveBlob("app/web", "hello"),
        Get(At("blobs/sha256:2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824"))
            .Refused(400, "DIGEST_INVALID")}},
      {"name.grammar",
       "an invalid repository name",
       {Get("/v2/App/web/blobs/" + Sha256("hello")).Refused(400, "NAME_INVALID"),
        Get("/v2/app//web/blobs/" + Sha256("hello")).Refused(400, "NAME_INVALID"),
        Get("/v2/-app/blobs/" + Sha256("hello")).Refused(400, "NAME_INVALID"),
        Get("/v2/" + std::string(256, 'a') + "/blobs/" + Sha256("hello"))
            .Refused(400, "NAME_INVALID")}},
      {"name.length",
       "a name of 255 characters",
       {HaveBlob(std::string(255, 'a'), "hello"),
        Get("/v2/" + std::string(255, 'a') + "/blobs/" + Sha256("hello")).Gives(200)}},
      {"blob.range",
       "a range in the middle",
       {HaveBlob("app/web", "hello world"), Get(BlobAt("hello world"))
                                                .With("Range", "bytes=6-8")
                                                .Gives(206)
                                                .Says("wor")
                                                .Has("Content-Range", "bytes 6-8/11")
                                                .Has("Content-Length", "3")}},
      {"blob.range",
       "a range from an offset on, as a resumed pull asks",
       {HaveBlob("app/web", "hello world"), Get(BlobAt("hello world"))
                                                .With("Range", "bytes=6-")
                                                .Gives(206)
                                                .Says("world")
                                                .Has("Content-Range", "bytes 6-10/11")}},
      {"blob.range",
       "the last bytes",
       {HaveBlob("app/web", "hello world"), Get(BlobAt("hello world"))
                                                .With("Range", "bytes=-5")
                                                .Gives(206)
                                                .Says("world")
                                                .Has("Content-Range", "bytes 6-10/11")}},
      {"blob.range",
       "a range that ends beyond the blob",
       {HaveBlob("app/web", "hello"), Get(BlobAt("hello"))
                                          .With("Range", "bytes=3-1000")
                                          .Gives(206)
                                          .Says("lo")
                                          .Has("Content-Range", "bytes 3-4/5")}},
      {"blob.range-416",
       "a range past the end",
       {HaveBlob("app/web", "hello"), Get(BlobAt("hello"))
                                          .With("Range", "bytes=5-9")
                                          .Refused(416, "RANGE_INVALID")
                                          .Has("Content-Range", "bytes */5")}},
      {"blob.range-416",
       "a range that runs backwards",
       {HaveBlob("app/web", "hello"),
        Get(BlobAt("hello")).With("Range", "bytes=500-0").Refused(416, "RANGE_INVALID")}},
      {"blob.range-multi",
       "several ranges are parts of one answer",
       {HaveBlob("app/web", "hello"),
        Get(BlobAt("hello"))
            .With("Range", "bytes=0-1,3-4")
            .Gives(206)
            .Has("Content-Type", "multipart/byteranges; boundary=*")
            .Lacks("Content-Range")
            .Says("--*\r\nContent-Type: application/octet-stream\r\n"
                  "Content-Range: bytes 0-1/5\r\n\r\nhe\r\n"
                  "--*\r\nContent-Type: application/octet-stream\r\n"
                  "Content-Range: bytes 3-4/5\r\n\r\nlo\r\n--*--\r\n")}},
      {"blob.range",
       "a range of another unit is ignored",
       {HaveBlob("app/web", "hello"),
        Get(BlobAt("hello")).With("Range", "lines=0-1").Gives(200).Says("hello")}},
      {"blob.range",
       "a range on HEAD is ignored",
       {HaveBlob("app/web", "hello"),
        Head(BlobAt("hello")).With("Range", "bytes=0-1").Gives(200).Has("Content-Length", "5")}},
      {"blob.range",
       "a range under a condition that holds",
       {HaveBlob("app/web", "hello"), Get(BlobAt("hello"))
                                          .With("Range", "bytes=0-1")
                                          .With("If-Range", "\"" + Sha256("hello") + "\"")
                                          .Gives(206)
                                          .Says("he")}},
      {"blob.range",
       "a range under a condition that fails",
       {HaveBlob("app/web", "hello"), Get(BlobAt("hello"))
                                          .With("Range", "bytes=0-1")
                                          .With("If-Range", "\"sha256:other\"")
                                          .Gives(200)
                                          .Says("hello")}},
      {"blob.digest-header",
       "a blob under its sha512 digest",
       {Post(At("blobs/uploads/?digest=" + kSha512OfHello)).Sending("hello").Gives(201),
        Get(At("blobs/" + kSha512OfHello))
            .Gives(200)
            .Says("hello")
            .Has("Docker-Content-Digest", kSha512OfHello),
        Head(BlobAt("hello")).Gives(404)}},
      {"blob.head",
       "the Accept header of BuildKit asks for the type of the layer",
       {HaveBlob("app/web", "hello"),
        Head(BlobAt("hello"))
            .With("Accept", "application/vnd.oci.image.layer.v1.tar+gzip, */*")
            .Gives(200)}},
      {"delete.blob",
       "a deleted blob is gone at once",
       {HaveBlob("app/web", "hello"), Delete(BlobAt("hello")).Gives(202).Has("Content-Length", "0"),
        Head(BlobAt("hello")).Gives(404), Get(BlobAt("hello")).Refused(404, "BLOB_UNKNOWN")}},
      {"delete.blob",
       "a blob deleted here stays where it was mounted from",
       {HaveBlob("app/base", "hello"),
        Post(At("blobs/uploads/?mount=" + Sha256("hello") + "&from=app/base")).Gives(201),
        Delete(BlobAt("hello")).Gives(202), Head(BlobAt("hello")).Gives(404),
        Head(At("blobs/" + Sha256("hello"), "app/base")).Gives(200)}},
      {"delete.blob-missing",
       "deleting a blob twice",
       {HaveBlob("app/web", "hello"), Delete(BlobAt("hello")).Gives(202),
        Delete(BlobAt("hello")).Refused(404, "BLOB_UNKNOWN")}},
      {"digest.format",
       "deleting by a malformed digest",
       {Delete(At("blobs/sha256:bad")).Refused(400, "DIGEST_INVALID")}},
      {"delete.blob-disabled",
       "a registry that deletes no blobs",
       {HaveBlob("app/web", "hello"), Delete(BlobAt("hello")).Refused(405, "UNSUPPORTED"),
        Head(BlobAt("hello")).Gives(200)},
       [] {
         Personality personality = AnonymousPersonality();
         personality.delete_blobs = false;
         return personality;
       }},
      {"http",
       "a blob with a method it has not",
       {Put(BlobAt("hello")).Refused(405, "UNSUPPORTED").Has("Allow", "GET, HEAD, DELETE")}},
  };
  return kRows;
}

}  // namespace drydock::simulator
