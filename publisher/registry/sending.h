// Sends a request, and once more when the server could not prove who it is: nothing was sent then,
// and a single connection has led to somebody else before. Never without that proof, and never over
// plain HTTP instead. Threads: as Transport.
// Source: incidents.md section 5; incident wrong-or-expired-certificate.
#pragma once

#include <functional>

#include "core/clock.h"
#include "core/transport.h"

namespace drydock::publisher {

// Makes the request, anew for each time it is sent; its error is given back.
using RequestSource = std::function<Result<Request>()>;

// As Transport::Send; kDenied when the second connection was not trusted either.
Result<Response> SendOnTrust(Transport& transport, const RequestSource& make, Deadline deadline);

}  // namespace drydock::publisher
