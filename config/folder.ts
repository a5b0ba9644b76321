/** Names the folder of the stack files where they do not lie beside the program: what every command reads where none is named. */
export const configVariable = "ISTHMUS_CONFIG";
