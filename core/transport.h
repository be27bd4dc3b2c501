// The one door through which drydock asks anything of a server.
// Threads: each implementation says. Source: docs/adr/0002-four-seams.md.
#pragma once

#include "core/clock.h"
#include "core/http.h"

namespace drydock {

class Transport {
 public:
  virtual ~Transport() = default;

  // Sends one request and gives the answer, whatever its status: 4xx and 5xx are values. Redirects
  // and authentication are the caller's business. The response's body may still be streaming; read
  // or drop it before the next Send on the same Transport. Errors: kUnavailable (never reached the
  // server: nothing happened there), kAmbiguous (sent, but the answer was lost: it may or may not
  // have been applied), kTimeout (the deadline passed; as ambiguous as kAmbiguous), kCancelled
  // (this run was stopped; unwind without further effects).
  virtual Result<Response> Send(Request request, Deadline deadline) = 0;
};

}  // namespace drydock
