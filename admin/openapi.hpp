// The OpenAPI 3.1 document, made from the command table.
#pragma once

#include <string>

namespace sessiongate::admin {

/// The whole document as JSON. It is the same for as long as the process runs.
const std::string& openapi_document();

}  // namespace sessiongate::admin
