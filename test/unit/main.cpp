// The one place that makes Catch2's main(): it takes longer to compile than any test file.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
