using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Tells people what happened to an object, as <c>kubectl describe</c> shows it.</summary>
public interface IEventRecorder
{
    /// <summary>Hands an event over and returns at once. An event that cannot be sent is dropped: events inform, they carry no state.</summary>
    /// <param name="regarding">The object concerned.</param>
    /// <param name="type">Whether a person should worry.</param>
    /// <param name="reason">Why, in CamelCase; cut at 128 characters.</param>
    /// <param name="action">What was done or refused, in CamelCase; cut at 128 characters.</param>
    /// <param name="note">For a person; cut at 1,024 bytes.</param>
    void Record(IResource regarding, EventType type, string reason, string action, string note);
}

/// <summary>Whether a person should worry.</summary>
public enum EventType
{
    /// <summary>No.</summary>
    Normal,

    /// <summary>Yes.</summary>
    Warning,
}
