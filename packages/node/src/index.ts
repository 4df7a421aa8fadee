/** Built in the next commits. */
