// Bodies made of pieces: several ranges of a blob as one multipart/byteranges answer, read piece by
// piece, never held whole. Threads: as of Body. Source: RFC 9110 sections 14.6 and 15.3.7.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/http.h"
#include "simulator/registry/blob.h"
#include "simulator/registry/range.h"

namespace drydock::simulator {

// All pieces, one after the other. Its length is known when every piece's is.
Body JoinBodies(std::vector<Body> pieces);

// The parts' bodies under their heads. `parts` and `bodies` belong together one by one; `size` is
// that of the whole blob; `boundary` must not occur in it.
Body MultipartBody(const std::vector<ByteRange>& parts, std::vector<Body> bodies,
                   std::uint64_t size, std::string_view media_type, std::string_view boundary);

// "bytes 6-8/11"
std::string ContentRange(const ByteRange& part, std::uint64_t size);

// Makes `response` the 206 with these parts of a blob: one as it is, several as
// multipart/byteranges. `parts` must not be empty.
void AnswerParts(Response& response, const Blob& blob, const std::vector<ByteRange>& parts,
                 const Digest& digest);

}  // namespace drydock::simulator
