// Every way of pushing a blob, under digests of both algorithms; and the rules that are particular
// to chunks.
#include "core/text.h"
#include "tests/conformance/row.h"

namespace drydock::simulator {
namespace {

const std::string kSessions = At("blobs/uploads/");
constexpr char kHello[] = "hello";

std::string HelloDigest(DigestAlgorithm with) { return Digest::Of(kHello, with).ToString(); }

Step Close(DigestAlgorithm with) { return Put("{location}&digest=" + HelloDigest(with)); }

Step SendChunk(std::string_view range, std::string bytes) {
  return Patch("{location}").With("Content-Range", range).Sending(std::move(bytes));
}

struct Way {
  std::string title;
  std::string rule;
  std::vector<Step> (*steps)(DigestAlgorithm with);
};

const std::vector<Way>& Ways() {
  static const std::vector<Way> kWays = {
      {"one POST", "single-post.201",
       [](DigestAlgorithm with) {
         return std::vector<Step>{
             Post(kSessions + "?digest=" + HelloDigest(with)).Sending(kHello).Gives(201)};
       }},
      {"POST and PUT", "upload.put",
       [](DigestAlgorithm with) {
         return std::vector<Step>{Post(kSessions).Gives(202),
                                  Close(with).Sending(kHello).Gives(201)};
       }},
      {"a session told its algorithm", "upload.algorithm",
       [](DigestAlgorithm with) {
         return std::vector<Step>{
             Post(Concat({kSessions, "?digest-algorithm=", Name(with)})).Gives(202),
             Patch("{location}").Sending("hel").Gives(202), Close(with).Sending("lo").Gives(201)};
       }},
      {"a session told the other algorithm", "upload.algorithm",
       [](DigestAlgorithm with) {
         const bool is_sha256 = with == DigestAlgorithm::kSha256;
         return std::vector<Step>{
             Post(Concat({kSessions, "?digest-algorithm=", is_sha256 ? "sha512" : "sha256"}))
                 .Gives(202),
             Patch("{location}").Sending(kHello).Gives(202), Close(with).Gives(201)};
       }},
      {"chunks and an empty PUT", "chunk.202",
       [](DigestAlgorithm with) {
         return std::vector<Step>{Post(kSessions).Gives(202), SendChunk("0-1", "he").Gives(202),
                                  SendChunk("2-3", "ll").Gives(202).Has("Range", "0-3"),
                                  SendChunk("4-4", "o").Gives(202).Has("Range", "0-4"),
                                  Close(with).Gives(201)};
       }},
      {"chunks and the last one in the PUT", "chunk.final",
       [](DigestAlgorithm with) {
         return std::vector<Step>{
             Post(kSessions).Gives(202), SendChunk("0-2", "hel").Gives(202),
             Close(with).With("Content-Range", "3-4").Sending("lo").Gives(201)};
       }},
      {"one chunk that is all", "chunk.202",
       [](DigestAlgorithm with) {
         return std::vector<Step>{Post(kSessions).Gives(202), SendChunk("0-4", kHello).Gives(202),
                                  Close(with).Gives(201)};
       }},
      {"the only chunk in the PUT", "chunk.final",
       [](DigestAlgorithm with) {
         return std::vector<Step>{
             Post(kSessions).Gives(202),
             Close(with).With("Content-Range", "0-4").Sending(kHello).Gives(201)};
       }},
      {"a stream", "chunk.stream",
       [](DigestAlgorithm with) {
         return std::vector<Step>{Post(kSessions).Gives(202),
                                  Patch("{location}").Sending(kHello).Chunked().Gives(202),
                                  Close(with).Gives(201)};
       }},
      {"two streams", "chunk.stream",
       [](DigestAlgorithm with) {
         return std::vector<Step>{
             Post(kSessions).Gives(202), Patch("{location}").Sending("he").Chunked().Gives(202),
             Patch("{location}").Sending("llo").Chunked().Gives(202), Close(with).Gives(201)};
       }},
      {"chunks resumed after one out of order", "chunk.order",
       [](DigestAlgorithm with) {
         return std::vector<Step>{
             Post(kSessions).Gives(202),
             SendChunk("0-1", "he").Gives(202),
             SendChunk("3-4", "lo").Refused(416, "RANGE_INVALID"),
             Get("{location}").Gives(204).Has("Range", "0-1").Has("Location", "*"),
             SendChunk("2-4", "llo").Gives(202),
             Close(with).Gives(201)};
       }},
      {"a PUT resumed after one out of order", "chunk.final-order",
       [](DigestAlgorithm with) {
         return std::vector<Step>{
             Post(kSessions).Gives(202), SendChunk("0-1", "he").Gives(202),
             Close(with).With("Content-Range", "3-4").Sending("lo").Refused(416, "RANGE_INVALID"),
             Get("{location}").Gives(204).Has("Range", "0-1").Has("Location", "*"),
             Close(with).With("Content-Range", "2-4").Sending("llo").Gives(201)};
       }},
      {"mount", "mount.201",
       [](DigestAlgorithm with) {
         const std::string digest = HelloDigest(with);
         return std::vector<Step>{
             Post(At("blobs/uploads/?digest=" + digest, "app/base")).Sending(kHello).Gives(201),
             Post(kSessions + "?mount=" + digest + "&from=app/base").Gives(201)};
       }},
      {"anonymous mount", "mount.anonymous",
       [](DigestAlgorithm with) {
         const std::string digest = HelloDigest(with);
         return std::vector<Step>{
             Post(At("blobs/uploads/?digest=" + digest, "app/base")).Sending(kHello).Gives(201),
             Post(kSessions + "?mount=" + digest).Gives(201)};
       }},
      {"a mount that becomes an upload", "mount.202",
       [](DigestAlgorithm with) {
         return std::vector<Step>{
             Post(kSessions + "?mount=" + HelloDigest(with) + "&from=app/base").Gives(202),
             Close(with).Sending(kHello).Gives(201)};
       }},
  };
  return kWays;
}

// Push that way, look, take a part, delete.
Row RowOfWay(const Way& way, DigestAlgorithm with) {
  const std::string digest = HelloDigest(with);
  const std::string blob = At("blobs/" + digest);
  Row row{way.rule, Concat({way.title, ", ", Name(with)}), way.steps(with)};
  row.steps.push_back(Head(blob).Gives(200).Has("Docker-Content-Digest", digest));
  row.steps.push_back(Get(blob).Gives(200).Says(kHello).Has("Docker-Content-Digest", digest));
  row.steps.push_back(Get(blob)
                          .With("Range", "bytes=1-3")
                          .Gives(206)
                          .Says("ell")
                          .Has("Content-Range", "bytes 1-3/5"));
  row.steps.push_back(Delete(blob).Gives(202));
  row.steps.push_back(Head(blob).Gives(404));
  return row;
}

Personality LeastChunk() {
  Personality personality = AnonymousPersonality();
  personality.limits.chunk_bytes_min = 3;
  return personality;
}

const std::vector<Row>& OwnRows() {
  constexpr auto kSha256 = DigestAlgorithm::kSha256;
  static const std::vector<Row> kRows = {
      {"chunk.min-length",
       "the least size is told",
       {Post(kSessions).Gives(202).Has("OCI-Chunk-Min-Length", "3"),
        Post(kSessions + "?mount=" + HelloDigest(kSha256) + "&from=app/base")
            .Gives(202)
            .Has("OCI-Chunk-Min-Length", "3")},
       LeastChunk},
      {"chunk.min-length",
       "without a least size nothing is told",
       {Post(kSessions).Gives(202).Lacks("OCI-Chunk-Min-Length")}},
      {"chunk.min-length",
       "the last chunk may be short",
       {Post(kSessions).Gives(202), SendChunk("0-2", "hel").Gives(202),
        SendChunk("3-4", "lo").Gives(202), Close(kSha256).Gives(201)},
       LeastChunk},
      {"chunk.min-length",
       "the last chunk may be short in the closing PUT",
       {Post(kSessions).Gives(202), SendChunk("0-2", "hel").Gives(202),
        Close(kSha256).With("Content-Range", "3-4").Sending("lo").Gives(201)},
       LeastChunk},
      {"chunk.min-length",
       "nothing follows a short chunk",
       {Post(kSessions).Gives(202), SendChunk("0-1", "he").Gives(202),
        SendChunk("2-4", "llo").Refused(400, "SIZE_INVALID").Says("*OCI-Chunk-Min-Length*"),
        Close(kSha256).With("Content-Range", "2-4").Sending("llo").Refused(400, "SIZE_INVALID"),
        Get("{location}").Gives(204).Has("Range", "0-1")},
       LeastChunk},
      {"chunk.min-length",
       "a stream has no chunks to measure",
       {Post(kSessions).Gives(202), Patch("{location}").Sending("h").Chunked().Gives(202),
        Patch("{location}").Sending("ello").Chunked().Gives(202), Close(kSha256).Gives(201)},
       LeastChunk},
      {"upload.algorithm",
       "an algorithm nobody knows",
       {Post(kSessions + "?digest-algorithm=md5")
            .Refused(400, "DIGEST_INVALID")
            .Says("*\"digest-algorithm\":\"md5\"*")}},
      {"upload.invalid-digest",
       "a PUT with a digest of an algorithm nobody knows",
       {Post(kSessions).Gives(202), Put("{location}&digest=md5:5d41402abc4b2a76b9719d911017c592")
                                        .Sending(kHello)
                                        .Refused(400, "DIGEST_INVALID")}},
      {"upload.invalid-digest",
       "a POST with a digest of an algorithm nobody knows",
       {Post(kSessions + "?digest=md5:5d41402abc4b2a76b9719d911017c592")
            .Sending(kHello)
            .Refused(400, "DIGEST_INVALID")}},
      {"single-post.202",
       "a registry that takes no blob with the POST",
       {Post(kSessions + "?digest=" + HelloDigest(kSha256))
            .Sending(kHello)
            .Gives(202)
            .Has("Location", "*"),
        Get("{location}").Gives(204).Has("Range", "0-0"),
        Close(kSha256).Sending(kHello).Gives(201)},
       [] {
         Personality personality = AnonymousPersonality();
         personality.single_post = false;
         return personality;
       }},
      {"single-post.match",
       "a POST whose digest is right and whose algorithm is the other",
       {Post(kSessions + "?digest=sha512:" + HelloDigest(kSha256).substr(7))
            .Sending(kHello)
            .Refused(400, "DIGEST_INVALID")}},
      {"chunk.range",
       "a Content-Range that is no range",
       {Post(kSessions).Gives(202), SendChunk("x", "hello").Refused(400, "BLOB_UPLOAD_INVALID"),
        SendChunk("0-", "hello").Refused(400, "BLOB_UPLOAD_INVALID"),
        SendChunk("-4", "hello").Refused(400, "BLOB_UPLOAD_INVALID"),
        SendChunk("0-4", "hello").Gives(202)}},
      {"chunk.range",
       "a chunk longer than its range",
       {Post(kSessions).Gives(202), SendChunk("0-1", "hello").Refused(400, "SIZE_INVALID"),
        Get("{location}").Gives(204).Has("Range", "0-0")}},
      {"chunk.final-order",
       "a first chunk in the closing PUT that does not begin at 0",
       {Post(kSessions).Gives(202),
        Close(kSha256).With("Content-Range", "1-4").Sending("ello").Refused(416, "RANGE_INVALID"),
        Get("{location}").Gives(204).Has("Range", "0-0")}},
      {"upload.whole-digest",
       "a closing PUT with the digest of the last chunk alone",
       {Post(kSessions).Gives(202), SendChunk("0-2", "hel").Gives(202),
        Put("{location}&digest=" + Sha256("lo"))
            .With("Content-Range", "3-4")
            .Sending("lo")
            .Refused(400, "DIGEST_INVALID")}},
      {"cancel.204",
       "a cancelled session takes nothing",
       {Post(kSessions).Gives(202), Delete("{location}").Gives(204),
        Patch("{first}").Sending(kHello).Refused(404, "BLOB_UPLOAD_UNKNOWN"),
        Put("{first}&digest=" + HelloDigest(kSha256))
            .Sending(kHello)
            .Refused(404, "BLOB_UPLOAD_UNKNOWN")}},
      {"cancel.204",
       "cancelling one session leaves the other",
       {Post(kSessions).Gives(202), Post(kSessions).Gives(202), Delete("{location}").Gives(204),
        Get("{first}").Gives(204)}},
      {"cancel.204",
       "a session that was committed cannot be cancelled",
       {Post(kSessions).Gives(202), Close(kSha256).Sending(kHello).Gives(201),
        Delete("{first}").Refused(404, "BLOB_UPLOAD_UNKNOWN"),
        Head(At("blobs/" + HelloDigest(kSha256))).Gives(200)}},
      {"too-many",
       "a refusal for too many sessions says when to come again",
       {Post(kSessions).Gives(202),
        Post(kSessions).Refused(429, "TOOMANYREQUESTS").Has("Retry-After", "1")},
       [] {
         Personality personality = AnonymousPersonality();
         personality.limits.upload_sessions = 1;
         return personality;
       }},
  };
  return kRows;
}

}  // namespace

const std::vector<Row>& PushRows() {
  static const std::vector<Row> kRows = [] {
    std::vector<Row> rows = OwnRows();
    for (const Way& way : Ways()) {
      rows.push_back(RowOfWay(way, DigestAlgorithm::kSha256));
      rows.push_back(RowOfWay(way, DigestAlgorithm::kSha512));
    }
    return rows;
  }();
  return kRows;
}

}  // namespace drydock::simulator
