// The effect "redirect": the answer is somewhere else, or said to be.
// Threads: plain values and pure functions. Source: incidents.md 9.2 (P9); RFC 9110 section 15.4.
#pragma once

#include <cstdint>
#include <string>

#include "core/http.h"

namespace drydock::simulator {

struct Redirect {
  // What the Location names, beside the path and query of the request.
  enum class Form {
    kAbsolute,     // the same URL
    kRelative,     // no scheme and no host
    kOtherScheme,  // http for https, and the other way round
    kOtherPort,    // `place` is the port
    kOtherHost,    // `place` is the host
  };
  static constexpr std::uint64_t kEndless = 0;

  int status = 307;
  Form form = Form::kAbsolute;
  std::string place;
  std::uint64_t hops = 1;  // redirects to whoever follows them all; kEndless: it never ends
};

std::string Describe(const Redirect& redirect);

// Whether whoever asks for `url` has followed as many as there are.
bool HasArrived(const Redirect& redirect, const Url& url);
// The answer to a request for `url`. Its Location tells by a member of the query how many were
// followed.
Response Render(const Redirect& redirect, const Url& url);

}  // namespace drydock::simulator
