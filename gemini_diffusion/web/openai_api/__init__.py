"""The app as a server of OpenAI's API: pictures, edits, chat and models, for programs that know no other."""
