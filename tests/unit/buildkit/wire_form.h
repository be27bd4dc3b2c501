// What is compared of a sequence of exchanges, and what is not. Stated normalisation:
//
//   * digests become what they are digests of, as far as the sequence shows it (the media type in
//     the HEAD's Accept, the kind of the manifest); upload ids, upload states and token texts go;
//   * "Host", "Content-Length" and, on token requests, "Connection" are the transport's framing;
//   * a run of requests that BuildKit sends side by side (blobs of one push, reads of one base) is
//     compared as a multiset, and so are the children of one index; the order of runs is kept;
//   * of JSON bodies the shape is compared: members in order, media types, annotation names and
//     constants; sizes, dates and digests go; lists sorted by digest are compared as multisets.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/buildkit/capture.h"

namespace drydock::simulator::buildkit {

// Lines in canonical form: runs one after the other, each run's lines sorted. With `copies`, all
// requests for manifests are one run: a copy between repositories streams each manifest, so that
// its GET and the HEAD and PUT of its target are under way at once, and takes them in any order.
std::vector<std::string> WireForm(const std::vector<WireExchange>& exchanges, bool copies = false);

// A deviation of the model from a capture, and why it is meant to be so. Each entry is the
// beginning of a line, the last of which is taken out of the capture's form or out of the model's.
struct Deviation {
  std::string reason;
  std::vector<std::string> only_captured;
  std::vector<std::string> only_modelled;
};

// The two forms as one text each, without what the deviations name. A deviation that names a line
// that is not there is reported in the text, so that stale ones fail.
struct Comparison {
  std::string captured;
  std::string modelled;
};
Comparison Compare(const std::vector<WireExchange>& captured,
                   const std::vector<WireExchange>& modelled,
                   const std::vector<Deviation>& deviations, bool copies = false);

// Error texts with digests, upload ids, addresses and the scheme of the registry taken out: the
// captured builder was told late that the registry speaks plain HTTP and so prints both schemes.
std::string PlainErrorText(std::string text);
// The "ERROR: …" line that ends a log, in plain form; "" when there is none.
std::string FinalError(const std::string& log);

}  // namespace drydock::simulator::buildkit
