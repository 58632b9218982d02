# add_room(NAME [LINKS target...]): one static library for the sources of a room, linked only downward.
function(add_room name)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(sessiongate_${name} STATIC ${sources})
  target_link_libraries(sessiongate_${name} PUBLIC sessiongate_options ${arg_LINKS})
endfunction()
