namespace KmsOperator.Simulation.Worlds;

/// <summary>
/// What happens to an operator at the moment when a request of its has had its effect and the answer is still on its way: the moments at
/// which a kill or a stop matters most, and which no time in a script would hit.
/// </summary>
internal sealed class Triggers
{
    private readonly List<Trigger> _waiting = [];

    /// <summary>Arranges for something to happen once.</summary>
    /// <param name="name">The operator, whichever run of it.</param>
    /// <param name="request">Verb and plural, or KMS's operation.</param>
    /// <param name="nth">The first such request is 1.</param>
    /// <param name="act">What happens.</param>
    public void Add(string name, string request, int nth, Action<OperatorProcess> act) => _waiting.Add(new Trigger(name, request, act) { Left = nth });

    /// <summary>A request has had its effect.</summary>
    public void OnEvent(OperatorProcess sender, string request)
    {
        if (!sender.Process.IsAlive)
            return;
        foreach (var trigger in _waiting.Where(trigger => trigger.Name == sender.Name && trigger.Request == request).ToArray())
        {
            if (--trigger.Left > 0)
                continue;
            _waiting.Remove(trigger);
            trigger.Act(sender);
        }
    }

    /// <summary>Nothing of it happens any more.</summary>
    public void Clear() => _waiting.Clear();

    private sealed class Trigger(string name, string request, Action<OperatorProcess> act)
    {
        public string Name => name;

        public string Request => request;

        public Action<OperatorProcess> Act => act;

        public int Left { get; set; }
    }
}
