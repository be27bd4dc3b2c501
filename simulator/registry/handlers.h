// What each operation of the registry does, one function an operation. Preconditions that the head
// alone decides (names, rights, limits) were checked before; each gives the genuine answer, without
// the headers every answer has. Threads: one at a time. Source: OCI distribution-spec, by end-N.
#pragma once

#include <optional>

#include "core/http.h"
#include "simulator/registry/call.h"

namespace drydock::simulator {

// Whether the client holds the content already (If-None-Match), and the 304 that says so.
bool Unmodified(const Call& call, const Digest& digest);
Response NotModified(const Digest& digest);

Response Ping(Call& call);       // end-1
Response ListTags(Call& call);   // end-8
Response Catalog(Call& call);    // distribution's own
Response Referrers(Call& call);  // end-12

Response GetBlob(Call& call);     // end-2, also HEAD
Response DeleteBlob(Call& call);  // end-10

// What an upload's request may do, from its head alone: the session exists, its state is the
// latest, the chunk follows what is there, nobody else is writing. On success the session is
// call.write's and marked as being written.
std::optional<Response> OpenWrite(Call& call);
// Unmarks it. Called once, however the exchange ends.
void CloseWrite(Call& call);
void Write(Call& call, std::string_view piece);

Response StartUpload(Call& call);   // end-4a, end-4b
Response MountBlob(Call& call);     // end-11
Response PatchUpload(Call& call);   // end-5
Response UploadStatus(Call& call);  // end-13
Response CommitUpload(Call& call);  // end-6
Response CancelUpload(Call& call);  // end-14

Response GetManifest(Call& call);     // end-3, also HEAD
Response PutManifest(Call& call);     // end-7
Response DeleteManifest(Call& call);  // end-9

}  // namespace drydock::simulator
