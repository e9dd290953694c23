namespace NovaCow.Runtime.Configuration;

/// <summary>
/// A value of a document. The hierarchy is closed: six cases that mean what JSON means by them, and
/// three that stand for work still to be done (<see cref="HoconUnresolved"/>), which a resolved
/// <see cref="Config"/> never shows. Equality is of content, never of origin or order of keys.
/// </summary>
public abstract class HoconValue : IEquatable<HoconValue>
{
    private protected HoconValue(HoconOrigin origin) => Origin = origin;

    public HoconOrigin Origin { get; }

    /// <summary>What a message calls this kind of value: <c>an object</c>, <c>text</c>…</summary>
    public abstract string Kind { get; }

    /// <summary>
    /// Nothing that this value is laid over can be seen: true of all but objects, and of objects
    /// that have taken the place of something else, whatever is merged with them later.
    /// </summary>
    internal virtual bool HidesBelow => true;

    public abstract bool Equals(HoconValue? other);

    public sealed override bool Equals(object? obj) => Equals(obj as HoconValue);

    public abstract override int GetHashCode();

    public override string ToString() => HoconRenderer.Render(this, RenderOptions.Concise);
}

/// <summary>Keys and their values, in the order in which the document first names them.</summary>
public sealed class HoconObject : HoconValue
{
    private readonly OrderedDictionary<string, HoconValue> fields;

    internal HoconObject(HoconOrigin origin) : this(origin, new(StringComparer.Ordinal), false) { }

    private HoconObject(
        HoconOrigin origin, OrderedDictionary<string, HoconValue> fields, bool hidesBelow)
        : base(origin) => (this.fields, HidesBelow) = (fields, hidesBelow);

    public override string Kind => "an object";

    public IReadOnlyDictionary<string, HoconValue> Fields => fields;

    /// <summary>For whoever is building this object, before anyone has seen it.</summary>
    internal OrderedDictionary<string, HoconValue> Building => fields;

    internal override bool HidesBelow { get; }

    internal HoconObject Copy() => new(Origin, new(fields, StringComparer.Ordinal), HidesBelow);

    /// <summary>The same fields, hiding what they are laid over or not.</summary>
    internal HoconObject Hiding(bool hidesBelow) =>
        hidesBelow == HidesBelow ? this : new(Origin, fields, hidesBelow);

    public override bool Equals(HoconValue? other) =>
        other is HoconObject that
        && that.fields.Count == fields.Count
        && fields.All(f => that.fields.TryGetValue(f.Key, out var v) && v.Equals(f.Value));

    public override int GetHashCode() =>
        fields.Aggregate(17, (hash, f) => hash ^ HashCode.Combine(f.Key, f.Value));
}

/// <summary>Values in order.</summary>
public sealed class HoconArray : HoconValue
{
    internal HoconArray(HoconOrigin origin, IReadOnlyList<HoconValue> items)
        : base(origin) => Items = items;

    public override string Kind => "a list";

    public IReadOnlyList<HoconValue> Items { get; }

    public override bool Equals(HoconValue? other) =>
        other is HoconArray that && that.Items.SequenceEqual(Items);

    public override int GetHashCode() => Items.Aggregate(19, HashCode.Combine);
}

/// <summary>A value that is neither object nor list; it has a text as it was written.</summary>
public abstract class HoconSimple : HoconValue
{
    private protected HoconSimple(HoconOrigin origin, string text) : base(origin) => Text = text;

    /// <summary>The text as written, which is what string concatenation uses.</summary>
    public string Text { get; }

    public override bool Equals(HoconValue? other) =>
        other is HoconSimple that && that.GetType() == GetType() && that.Text == Text;

    public override int GetHashCode() => HashCode.Combine(GetType(), Text);
}

/// <summary>Text, quoted or not.</summary>
public sealed class HoconString : HoconSimple
{
    internal HoconString(HoconOrigin origin, string text, bool isSeparator = false)
        : base(origin, text) => IsSeparator = isSeparator;

    public override string Kind => "text";

    /// <summary>Unquoted white space between values: between lists it vanishes.</summary>
    internal bool IsSeparator { get; }
}

/// <summary>A number in JSON's notation, kept as it was written.</summary>
public sealed class HoconNumber : HoconSimple
{
    internal HoconNumber(HoconOrigin origin, string text) : base(origin, text) { }

    public override string Kind => "a number";
}

/// <summary><c>true</c> or <c>false</c>.</summary>
public sealed class HoconBoolean : HoconSimple
{
    internal HoconBoolean(HoconOrigin origin, bool value)
        : base(origin, value ? "true" : "false") => Value = value;

    public override string Kind => "a boolean";

    public bool Value { get; }
}

/// <summary><c>null</c>: the key is set, to nothing, and hides what it overrides.</summary>
public sealed class HoconNull : HoconSimple
{
    internal HoconNull(HoconOrigin origin) : base(origin, "null") { }

    public override string Kind => "null";
}
