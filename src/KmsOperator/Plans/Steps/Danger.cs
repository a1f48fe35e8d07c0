namespace KmsOperator.Plans.Steps;

/// <summary>What somebody should think about before a plan is carried out.</summary>
/// <param name="Kind">What it is, for machines.</param>
/// <param name="Message">What happens, for people.</param>
internal sealed record Danger(DangerKind Kind, string Message);

/// <summary>Kinds of dangers; in JSON their names are in camelCase.</summary>
internal enum DangerKind
{
    /// <summary>The key's deletion is scheduled: after it, nobody decrypts what the key encrypted.</summary>
    Deletion,

    /// <summary>The key cannot be used.</summary>
    Disabling,

    /// <summary>Somebody loses access.</summary>
    AccessRemoved,

    /// <summary>Another account or organization gets access.</summary>
    AccessGranted,

    /// <summary>Everybody gets access.</summary>
    AccessPublic,

    /// <summary>An alias is taken from another key.</summary>
    AliasTakenOver,

    /// <summary>A name of the key goes.</summary>
    AliasRemoved,

    /// <summary>The account can no longer change the key policy.</summary>
    Lockout,

    /// <summary>Another Region's key becomes the primary.</summary>
    PrimaryMoved,

    /// <summary>A new key is made in the place of one that is gone.</summary>
    KeyReplaced,
}
