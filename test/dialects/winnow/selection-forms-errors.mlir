// One case for each constraint of the operations on the forms of a selection.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// convert, C1
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{the result is '!winnow.selection<3x64, 8, columns>', but the extents of '!winnow.selection<3x64, 16>' are expected (C1)}}
  %0 = winnow.selection.convert %s : !winnow.selection<3x64, 16> -> !winnow.selection<3x64, 8, columns>
  return
}

// -----

// union, C1
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{the result must have 1 row in '!winnow.selection<3x64, 48>' (C1)}}
  %0 = winnow.selection.union %s : !winnow.selection<3x64, 16> -> !winnow.selection<3x64, 48>
  return
}

// -----

// union, C2
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{the result is '!winnow.selection<1x?, 48>', but the universe of '!winnow.selection<3x64, 16>' is expected (C2)}}
  %0 = winnow.selection.union %s : !winnow.selection<3x64, 16> -> !winnow.selection<1x?, 48>
  return
}

// -----

// union, C3
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{the result's capacity must be 48 in '!winnow.selection<1x64, 64>' (C3)}}
  %0 = winnow.selection.union %s : !winnow.selection<3x64, 16> -> !winnow.selection<1x64, 64>
  return
}

// -----

// union, C3, of dynamic extents
func.func @f(%s: !winnow.selection<?x?, 16>) {
  // expected-error @+1 {{the result's capacity must be ? in '!winnow.selection<1x?, 16>' (C3)}}
  %0 = winnow.selection.union %s : !winnow.selection<?x?, 16> -> !winnow.selection<1x?, 16>
  return
}

// -----

// A union is in the form rows.
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{result #0 must be selection in the form rows}}
  %0 = winnow.selection.union %s : !winnow.selection<3x64, 16> -> !winnow.selection<1x64, 48, bitmap>
  return
}

// -----

// entry_counts, C1
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 0 of 'result' is 3, but the selection's universe is 64 (C1)}}
  %0 = winnow.selection.entry_counts %s : !winnow.selection<3x64, 16> -> tensor<3xi32>
  return
}

// -----

// offsets, C1
func.func @f(%s: !winnow.selection<3x64, 16, columns>) {
  // expected-error @+1 {{dimension 0 of 'result' is 64, but the selection's universe and one more is 65 (C1)}}
  %0 = winnow.selection.offsets %s : !winnow.selection<3x64, 16, columns> -> tensor<64xi32>
  return
}

// -----

// Offsets are a part of columns.
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{operand #0 must be selection in the form columns}}
  %0 = winnow.selection.offsets %s : !winnow.selection<3x64, 16> -> tensor<65xi32>
  return
}

// -----

// members, C1
func.func @f(%s: !winnow.selection<3x64, 16, columns>) {
  // expected-error @+1 {{dimension 0 of 'result' is 64, but the selection's rows times its capacity is 48 (C1)}}
  %0 = winnow.selection.members %s : !winnow.selection<3x64, 16, columns> -> tensor<64xi32>
  return
}

// -----

// words, C1
func.func @f(%s: !winnow.selection<3x64, 16, bitmap>) {
  // expected-error @+1 {{dimension 0 of 'result' is 4, but the selection's number of rows is 3 (C1)}}
  %0 = winnow.selection.words %s : !winnow.selection<3x64, 16, bitmap> -> tensor<4x2xi32>
  return
}

// -----

// words, C1
func.func @f(%s: !winnow.selection<3x64, 16, bitmap>) {
  // expected-error @+1 {{dimension 1 of 'result' is 3, but the number of words of the selection's universe is 2 (C1)}}
  %0 = winnow.selection.words %s : !winnow.selection<3x64, 16, bitmap> -> tensor<3x3xi32>
  return
}

// -----

// Words are the part of a bitmap.
func.func @f(%s: !winnow.selection<3x64, 16, columns>) {
  // expected-error @+1 {{operand #0 must be selection in the form bitmap}}
  %0 = winnow.selection.words %s : !winnow.selection<3x64, 16, columns> -> tensor<3x2xi32>
  return
}

// -----

// Indices are a part of rows.
func.func @f(%s: !winnow.selection<3x64, 16, bitmap>) {
  // expected-error @+1 {{operand #0 must be selection in the form rows}}
  %0 = winnow.selection.indices %s : !winnow.selection<3x64, 16, bitmap> -> tensor<3x16xi32>
  return
}

// -----

// assemble_columns, C1
func.func @f(%o: tensor<64xi32>, %m: tensor<48xi32>) {
  // expected-error @+1 {{dimension 0 of 'offsets' is 64, but the result's universe and one more is 65 (C1)}}
  %0 = winnow.selection.assemble_columns %o, %m : tensor<64xi32>, tensor<48xi32> -> !winnow.selection<3x64, 16, columns>
  return
}

// -----

// assemble_columns, C2
func.func @f(%o: tensor<65xi32>, %m: tensor<16xi32>) {
  // expected-error @+1 {{dimension 0 of 'members' is 16, but the result's rows times its capacity is 48 (C2)}}
  %0 = winnow.selection.assemble_columns %o, %m : tensor<65xi32>, tensor<16xi32> -> !winnow.selection<3x64, 16, columns>
  return
}

// -----

// assemble_columns, C3
func.func @f(%o: tensor<65xi32>, %m: tensor<?xi32>) {
  // expected-error @+1 {{needs the operand 'rows', since '!winnow.selection<?x64, 16, columns>' does not tell it (C3)}}
  %0 = winnow.selection.assemble_columns %o, %m : tensor<65xi32>, tensor<?xi32> -> !winnow.selection<?x64, 16, columns>
  return
}

// -----

// assemble_columns, C3
func.func @f(%o: tensor<65xi32>, %m: tensor<48xi32>, %r: index) {
  // expected-error @+1 {{has an operand 'rows', but '!winnow.selection<3x64, 16, columns>' tells it already (C3)}}
  %0 = winnow.selection.assemble_columns %o, %m rows(%r) : tensor<65xi32>, tensor<48xi32> -> !winnow.selection<3x64, 16, columns>
  return
}

// -----

// assemble_columns, C4
func.func @f(%o: tensor<65xi32>, %m: tensor<?xi32>) {
  // expected-error @+1 {{needs the operand 'capacity', since '!winnow.selection<3x64, ?, columns>' does not tell it (C4)}}
  %0 = winnow.selection.assemble_columns %o, %m : tensor<65xi32>, tensor<?xi32> -> !winnow.selection<3x64, ?, columns>
  return
}

// -----

// assemble_bitmap, C1
func.func @f(%w: tensor<2x2xi32>) {
  // expected-error @+1 {{dimension 0 of 'words' is 2, but the result's number of rows is 3 (C1)}}
  %0 = winnow.selection.assemble_bitmap %w : tensor<2x2xi32> -> !winnow.selection<3x64, 16, bitmap>
  return
}

// -----

// assemble_bitmap, C1
func.func @f(%w: tensor<3x64xi32>) {
  // expected-error @+1 {{dimension 1 of 'words' is 64, but the number of words of the result's universe is 2 (C1)}}
  %0 = winnow.selection.assemble_bitmap %w : tensor<3x64xi32> -> !winnow.selection<3x64, 16, bitmap>
  return
}

// -----

// assemble_bitmap, C2
func.func @f(%w: tensor<3x?xi32>) {
  // expected-error @+1 {{needs the operand 'universe', since '!winnow.selection<3x?, 16, bitmap>' does not tell it (C2)}}
  %0 = winnow.selection.assemble_bitmap %w : tensor<3x?xi32> -> !winnow.selection<3x?, 16, bitmap>
  return
}

// -----

// assemble_bitmap, C3
func.func @f(%w: tensor<3x2xi32>, %k: index) {
  // expected-error @+1 {{has an operand 'capacity', but '!winnow.selection<3x64, 16, bitmap>' tells it already (C3)}}
  %0 = winnow.selection.assemble_bitmap %w capacity(%k) : tensor<3x2xi32> -> !winnow.selection<3x64, 16, bitmap>
  return
}

// -----

// accumulate, C1
func.func @f(%c: tensor<64xi32>) {
  // expected-error @+1 {{dimension 0 of 'offsets' is 64, but dimension 0 of 'counts' and one more is 65 (C1)}}
  %0 = winnow.selection.accumulate %c : tensor<64xi32> -> tensor<64xi32>
  return
}

// -----

// enumerate_columns, C1
func.func @f(%m: tensor<3x64xi1>, %o: tensor<64xi32>) {
  // expected-error @+1 {{dimension 0 of 'offsets' is 64, but dimension 1 of 'mask' and one more is 65 (C1)}}
  %0 = winnow.selection.enumerate_columns %m, %o : tensor<3x64xi1>, tensor<64xi32> -> tensor<48xi32>
  return
}

// -----

// enumerate_columns, C2
func.func @f(%m: tensor<3x64xi1>, %o: tensor<65xi32>) {
  // expected-error @+1 {{needs the operand 'size', since 'tensor<?xi32>' does not tell it (C2)}}
  %0 = winnow.selection.enumerate_columns %m, %o : tensor<3x64xi1>, tensor<65xi32> -> tensor<?xi32>
  return
}
