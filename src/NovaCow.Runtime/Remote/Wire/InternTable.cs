namespace NovaCow.Runtime.Remote.Wire;

/// <summary>
/// The writer's half of an abbreviation: a bounded set of strings, each with a small number.
/// When it is full the oldest number is given to the newcomer; as the definition travels in
/// order with what uses it, the reader never mistakes one for the other.
/// </summary>
internal sealed class InternTable(int capacity = Limits.Interned)
{
    private readonly Dictionary<string, int> _numbers = [];
    private readonly List<string> _texts = [];
    private int _next;

    /// <summary>The number of a text.</summary>
    /// <param name="isNew">The reader has to be told.</param>
    public int Intern(string text, out bool isNew)
    {
        isNew = !_numbers.TryGetValue(text, out var number);
        if (!isNew)
            return number;
        number = _next;
        _next = (_next + 1) % capacity;
        if (number == _texts.Count)
        {
            _texts.Add(text);
        }
        else
        {
            _numbers.Remove(_texts[number]);
            _texts[number] = text;
        }
        _numbers.Add(text, number);
        return number;
    }

    /// <summary>Whether a number that was given out still stands for this very string.</summary>
    public bool StillMeans(int number, string text) =>
        number >= 0 && number < _texts.Count && ReferenceEquals(_texts[number], text);
}
