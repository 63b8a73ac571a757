package org.cosmograd.bench;

/// A fault that the user can mend; the message is one sentence with the remedy.
public final class UserException extends RuntimeException {
    /// With the sentence to show.
    public UserException(String message) {
        super(message);
    }

    /// With the sentence to show and what was behind it.
    public UserException(String message, Throwable cause) {
        super(message, cause);
    }
}
